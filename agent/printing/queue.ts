/**
 * The durable print queue: coupons come out one after the other, each with evidence, whatever happens to the printer or to this
 * process. No sale waits for it.
 *
 *   queued ─► printing (on disk before the first byte) ─► confirmed · fenced · sent
 *     ▲ nothing on paper │                             └─► unknown: serial voided, a new one queued (at most 3 times)
 *     └──────────────────┘ failed, at most 5 times, then the coupon is given up and the cashier told
 */
import type { Clock } from '../../clock.ts';
import type { Printer, PrintOutcome, Slip } from '../../drivers/printer/types.ts';
import { messageOf } from '../../errors.ts';
import type { CouponBook } from '../coupons/book.ts';
import type { SlipContent } from '../coupons/slip-content.ts';
import type { PrintJobRow, Store } from '../store/index.ts';

export type PrintQueueOptions = {
  readonly store: Store;
  readonly book: CouponBook;
  readonly printer: Printer;
  readonly clock: Clock;
  /** Lays a slip out for the printer's paper. Throws `print-content` for what can't be printed. */
  readonly layout: (content: SlipContent, reprint: boolean) => Slip;
  /** What stands on the slip otherwise than its offer asks; said in the journal and to HQ together with the evidence. */
  readonly notes?: (content: SlipContent) => readonly string[];
  /** A coupon's print state, or its serial, changed. */
  readonly onCoupon?: (serial: string) => void;
  /** The queue's own state changed. */
  readonly onState?: () => void;
  /** For the log: something that should not be. */
  readonly onFault?: (error: unknown) => void;
};

export interface PrintQueue {
  /** Settles what a crash left open, then prints whatever waits. */
  start(): void;
  /** Ends after the job that is at the printer; one that waits for paper or cable is put back. */
  stop(): Promise<void>;
  /** Something was queued, or the coupon of a waiting job was voided. */
  wake(): void;
  queued(): number;
  printing(): boolean;
  /** Serial of the last coupon that was given up, until one comes out again; the cashier is told to reprint it. */
  givenUp(): string | null;
}

const MAX_REPLACEMENTS = 3;
const MAX_FAILURES = 5;
/** Pause before the same slip is tried again, doubled each time. */
const RETRY_MS = 1000;

export function createPrintQueue(options: PrintQueueOptions): PrintQueue {
  const { store, book, printer, clock, layout } = options;
  const journal = store.printJournal;
  let running: Promise<void> | null = null;
  let stopping = false;
  let woken = () => {};
  let endSleep = () => {};
  let current: { readonly job: PrintJobRow; readonly abandon: AbortController; begun: boolean } | null = null;
  let givenUp: string | null = null;
  /** The till stopped while it printed, and nothing has come out since. */
  let afterDoubt = false;

  const told = (serial: string) => {
    options.onCoupon?.(serial);
    options.onState?.();
  };

  const printed = (job: PrintJobRow, { evidence, detail }: PrintOutcome, attempts: number) => {
    journal.finish(job.id, evidence, store.instant(), detail);
    if (job.kind === 'coupon') store.coupons.print(job.serial, evidence);
    const body = { serial: job.serial, evidence, detail, reprint: job.kind === 'reprint', attempts };
    store.outbox.append('coupon.printed', body);
  };

  /** Nobody knows whether it came out: it is never sent again. */
  const doubtful = (job: PrintJobRow, outcome: PrintOutcome, attempts: number) => {
    const next = store.transaction(() => {
      printed(job, outcome, attempts);
      // A reprint's first slip bears the same serial, so that two slips are still one coupon.
      if (job.kind === 'reprint') return null;
      const coupon = store.coupons.get(job.serial);
      // Voided meanwhile, or a customer holds it out already, so that it did come out: nothing to make good.
      if (coupon?.state !== 'issued') return null;
      if (coupon.expiresMs <= clock.now()) {
        book.void(job.serial, 'print-unknown');
        return null;
      }
      if (job.replacements < MAX_REPLACEMENTS) return book.replace(job, 'print-unknown', job.replacements + 1);
      if (book.void(job.serial, 'print-unknown')) givenUp = job.serial;
      return null;
    });
    told(job.serial);
    if (next !== null) told(next.serial);
  };

  const failed = async (job: PrintJobRow, outcome: PrintOutcome, final: boolean): Promise<void> => {
    const attempts = job.attempts + 1;
    if (final || attempts >= MAX_FAILURES) {
      store.transaction(() => {
        printed(job, outcome, attempts);
        if (job.kind === 'coupon') book.void(job.serial, 'not-printed');
        givenUp = job.serial;
      });
      told(job.serial);
      return;
    }
    store.transaction(() => {
      journal.requeue(job.id, outcome.detail);
      if (job.kind === 'coupon') store.coupons.print(job.serial, 'queued');
    });
    told(job.serial);
    await sleep(RETRY_MS * 2 ** (attempts - 1));
  };

  const print = async (job: PrintJobRow): Promise<void> => {
    if ((store.coupons.get(job.serial)?.expiresMs ?? 0) <= clock.now())
      return failed(job, { evidence: 'failed', detail: 'its validity ended before it could be printed' }, true);
    let content: SlipContent;
    let slip: Slip;
    try {
      content = JSON.parse(job.content) as SlipContent;
      slip = layout(content, job.kind === 'reprint');
    } catch (error) {
      options.onFault?.(error);
      return failed(job, { evidence: 'failed', detail: messageOf(error) }, true);
    }
    const mine = { job, abandon: new AbortController(), begun: false };
    current = mine;
    const begin = () => {
      if (mine.begun) return;
      store.transaction(() => {
        journal.begin(job.id, store.instant());
        if (job.kind === 'coupon') store.coupons.print(job.serial, 'printing');
      });
      mine.begun = true;
    };
    const firstByte = () => {
      // A database that refuses throws into the driver, which then sends nothing: no byte without its line in the journal.
      begin();
      try {
        told(job.serial);
      } catch (error) {
        options.onFault?.(error);
      }
    };
    let outcome: PrintOutcome;
    try {
      outcome = await printer.print({
        id: String(job.id),
        slip,
        afterDoubt,
        abandon: mine.abandon.signal,
        onFirstByte: firstByte,
      });
    } catch (error) {
      options.onFault?.(error);
      outcome = { evidence: mine.begun ? 'unknown' : 'failed', detail: messageOf(error) };
    } finally {
      current = null;
    }
    const now = journal.get(job.id);
    if (now === null || (now.state !== 'queued' && now.state !== 'printing')) return;
    if (outcome.evidence === 'failed') {
      // Put back by `stop`: no attempt was made.
      if (mine.abandon.signal.aborted && !mine.begun) return;
      return failed(job, outcome, false);
    }
    afterDoubt = false;
    if (!mine.begun) begin();
    if (outcome.evidence === 'unknown') return doubtful(job, outcome, job.attempts + 1);
    const detail = [outcome.detail, ...(options.notes?.(content) ?? [])].join('; ');
    store.transaction(() => printed(job, { ...outcome, detail }, job.attempts + 1));
    givenUp = null;
    told(job.serial);
  };

  const run = async (): Promise<void> => {
    while (!stopping) {
      try {
        const job = journal.next();
        if (job !== null) await print(job);
        else
          await new Promise<void>(resolve => {
            woken = resolve;
          });
      } catch (error) {
        // The database refuses (disk full): the job stands as it stood, and nothing is sent meanwhile.
        options.onFault?.(error);
        await sleep(RETRY_MS);
      }
    }
  };

  const sleep = (ms: number) =>
    new Promise<void>(resolve => {
      if (stopping) return resolve();
      const cancel = clock.after(ms, resolve);
      endSleep = () => {
        cancel();
        resolve();
      };
    });
  return {
    start() {
      if (running !== null) return;
      for (const job of journal.begun()) {
        afterDoubt = true;
        doubtful(job, { evidence: 'unknown', detail: 'the till stopped while it printed' }, job.attempts);
      }
      running = run();
    },
    async stop() {
      stopping = true;
      if (current !== null && !current.begun) current.abandon.abort();
      woken();
      endSleep();
      await running;
    },
    wake() {
      if (current !== null && !current.begun && journal.get(current.job.id)?.state !== 'queued')
        current.abandon.abort();
      woken();
    },
    queued: () => journal.waiting(),
    printing: () => current?.begun ?? false,
    givenUp: () => givenUp,
  };
}
