/**
 * The driver that everyone writes first, so that the harness can be seen to find it out: it takes the write callback for printed, and sends the whole
 * slip again when that callback is late or the line breaks.
 */
import type { Cancel, Clock } from '../../../clock.ts';
import { encodeSlip } from '../../../drivers/printer/escpos/encode.ts';
import type { PrinterProfile } from '../../../drivers/printer/profiles.ts';
import type {
  Link,
  Printer,
  PrinterStatus,
  PrintJob,
  PrintOutcome,
  Transport,
} from '../../../drivers/printer/types.ts';

const timeoutMs = 3000;
const retryMs = 500;
const mostTries = 5;

export function createNaivePrinter(parts: {
  readonly transport: Transport;
  readonly profile: PrinterProfile;
  readonly clock: Clock;
}): Printer {
  const { transport, profile, clock } = parts;
  let link: Link | null = null;
  let stopped = false;
  const status: PrinterStatus = {
    device: transport.device,
    problem: null,
    paperNearEnd: false,
    evidence: 'confirmed',
    printing: false,
  };

  const connected = async (): Promise<Link> => {
    if (link !== null) return link;
    const opened = await transport.open();
    opened.onLost(() => {
      if (link === opened) link = null;
    });
    link = opened;
    return opened;
  };
  const tryOnce = async (bytes: Uint8Array): Promise<void> => {
    const open = await connected();
    let cancel: Cancel = () => {};
    const late = new Promise<never>((_, reject) => {
      cancel = clock.after(timeoutMs, () => reject(new Error('timeout')));
    });
    try {
      await Promise.race([open.write(bytes), late]);
    } catch (cause) {
      if (link === open) link = null;
      await open.close();
      throw cause;
    } finally {
      cancel();
    }
  };

  return {
    start() {},
    async stop() {
      stopped = true;
      await link?.close();
    },
    status: () => status,
    onStatus: () => () => {},
    async print(job: PrintJob): Promise<PrintOutcome> {
      const { init, body, cut } = encodeSlip(job.slip, profile);
      job.onFirstByte?.();
      for (let tries = 1; tries <= mostTries && !stopped; tries++) {
        try {
          await tryOnce(Buffer.concat([init, body, cut]));
          return { evidence: 'confirmed', detail: 'written' };
        } catch {
          await new Promise<void>(resolve => clock.after(retryMs, resolve));
        }
      }
      return { evidence: 'failed', detail: 'written in vain' };
    },
  };
}
