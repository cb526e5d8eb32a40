/** A printer of paper that nobody sees: it says `paper SERIAL` when a slip comes out, and is now and then in doubt. */
import type { Printer, PrintJob, PrintOutcome } from '../../drivers/printer/types.ts';
import { serialOf } from '../sale/fake-printer.ts';

export function tellingPrinter(options: {
  readonly say: (line: string) => void;
  readonly onPaper: (serial: string) => unknown;
  readonly isInDoubt: () => boolean;
  /** How long it takes before the first byte and after the slip; absent: no time. */
  readonly takes?: (what: 'to begin' | 'to end') => Promise<void>;
}): Printer {
  const { say, takes } = options;
  return {
    start() {},
    async stop() {},
    status: () => ({ device: 'virtual:', problem: null, paperNearEnd: false, evidence: 'confirmed', printing: false }),
    onStatus: () => () => {},
    async print(job: PrintJob): Promise<PrintOutcome> {
      if (takes !== undefined) await takes('to begin');
      job.onFirstByte?.();
      say(`paper ${serialOf(job)}`);
      options.onPaper(serialOf(job));
      if (takes !== undefined) await takes('to end');
      return { evidence: options.isInDoubt() ? 'unknown' : 'confirmed', detail: '' };
    },
  };
}
