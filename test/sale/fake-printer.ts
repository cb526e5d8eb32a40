/** A printer whose outcomes a test chooses; it keeps what came out. */
import type { Evidence, Printer, PrinterStatus, PrintJob, PrintOutcome } from '../../drivers/printer/types.ts';

type Held = { readonly job: PrintJob; readonly end: (outcome: PrintOutcome) => void };

export class FakePrinter implements Printer {
  /** Serials in the order in which their slips came out, doubtful ones too. */
  readonly paper: string[] = [];
  /** Evidence for the next jobs; `confirmed` when it runs out. */
  readonly next: Evidence[] = [];
  /** While true, jobs wait before their first byte, as without paper. */
  noPaper = false;
  /** While true, jobs stop after their first byte. */
  hold = false;
  readonly held: Held[] = [];
  readonly #waiting: Held[] = [];

  start(): void {}
  async stop(): Promise<void> {}

  status(): PrinterStatus {
    return { device: 'fake:', problem: null, paperNearEnd: false, evidence: 'confirmed', printing: false };
  }

  onStatus(): () => void {
    return () => {};
  }

  print(job: PrintJob): Promise<PrintOutcome> {
    return new Promise(resolve => {
      const held: Held = { job, end: resolve };
      if (!this.noPaper) return this.#run(held);
      this.#waiting.push(held);
      job.abandon?.addEventListener('abort', () => {
        const at = this.#waiting.indexOf(held);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        resolve({ evidence: 'failed', detail: 'abandoned before its first byte' });
      });
    });
  }

  /** A new roll. */
  refill(): void {
    this.noPaper = false;
    for (const held of this.#waiting.splice(0)) this.#run(held);
  }

  #run(held: Held): void {
    held.job.onFirstByte?.();
    if (this.hold) return void this.held.push(held);
    const evidence = this.next.shift() ?? 'confirmed';
    if (evidence !== 'failed') this.paper.push(serialOf(held.job));
    held.end({ evidence, detail: `as told: ${evidence}` });
  }
}

export function serialOf(job: PrintJob): string {
  for (const element of job.slip) if (element.kind === 'barcode') return element.human ?? '';
  return '';
}
