/**
 * A till under siege: real sales, store, journal, queue and driver against a simulated printer on one fake clock. The printer can be hurt at any byte or
 * moment, and the till killed as by `kill -9`: everything in its memory is gone, its timers never fire, its link is closed by the system, and the next
 * life begins from the database file alone.
 */
import { rmSync } from 'node:fs';
import { layoutCoupon } from '../../../agent/printing/layout.ts';
import { createPrintQueue } from '../../../agent/printing/queue.ts';
import type { Cancel, Clock } from '../../../clock.ts';
import { createPrinter } from '../../../drivers/printer/printer.ts';
import type { PrinterProfile } from '../../../drivers/printer/profiles.ts';
import type { Link, Printer, Transport } from '../../../drivers/printer/types.ts';
import { createVirtualPrinter, type PrinterChange, type VirtualPrinter } from '../../../drivers/virtual/printer.ts';
import type { PersonalityName, PrinterPersonality } from '../../../drivers/virtual/printer-personalities.ts';
import { messageOf } from '../../../errors.ts';
import { type CoreTill, coreTill, temporaryFolder } from '../../sale/core-till.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { seeded } from '../seeded.ts';
import { brokenPromises, type Paper } from './promises.ts';

export type MakeDriver = (parts: {
  readonly transport: Transport;
  readonly profile: PrinterProfile;
  readonly clock: Clock;
}) => Printer;

export interface SiegeOptions {
  readonly personality: PersonalityName | PrinterPersonality;
  /** As of the simulated printer. */
  readonly keepsLink?: boolean | 'holds';
  /** Of serials and whatever else the till draws. */
  readonly seed: number;
  /** tillside's own unless given. */
  readonly driver?: MakeDriver;
}

export interface Siege {
  readonly clock: FakeClock;
  readonly printer: VirtualPrinter;
  readonly alive: boolean;
  /** One sale and its coupon's serial; the POS waits for a till that is being started again. */
  sell(): Promise<string>;
  voidSaleOf(serial: string): void;
  /** As a cashier asks for it; nothing where the till refuses. */
  reprintIfOut(serial: string): void;
  /** What happens to the printer; power is counted. */
  hurt(change: PrinterChange): void;
  kill(): void;
  /** The next life; nothing if it lives. */
  live(): Promise<void>;
  /** Lets time pass until no job waits; false if one still does after `seconds`. */
  drain(seconds: number): Promise<boolean>;
  /** Of these coupons, as first issued, and what was noticed on the way. */
  broken(serials: readonly string[]): readonly string[];
  evidence(serial: string): string;
  end(): Promise<void>;
}

interface Life {
  readonly till: CoreTill;
  readonly queue: ReturnType<typeof createPrintQueue>;
  readonly driver: Printer;
  readonly clock: MortalClock;
  /** As the system closes the sockets of a process that is gone. */
  readonly cutLink: () => void;
  alive: boolean;
}

/** No printer that is sold starts in less. */
const bootMs = 1000;

export async function layTo(options: SiegeOptions): Promise<Siege> {
  const clock = new FakeClock();
  const printer = createVirtualPrinter({
    clock,
    personality: options.personality,
    keepsLink: options.keepsLink ?? false,
    bootMs,
    keep: 20,
  });
  const dir = temporaryFolder();
  const random = seeded(options.seed);
  const noticed: string[] = [];
  const cut: string[] = [];
  const worked: Buffer[] = [];
  printer.onSlip(slip => {
    cut.push(...slip.symbols.map(({ data }) => data));
    worked.push(Buffer.from(slip.bytes));
  });
  const handedOver: Buffer[] = [];
  let powerCuts = 0;
  /** Power cuts counted when the job of a serial began. */
  const begun = new Map<string, number>();
  let sales = 0;

  const paper: Paper = {
    cut: token => cut.filter(data => data === token).length,
    hanging: token => printer.hanging().symbols.filter(({ data }) => data === token).length,
    workedOff: serial => [...worked, Buffer.from(printer.hanging().bytes)].some(bytes => bytes.includes(serial)),
    handedOver: serial => handedOver.some(bytes => bytes.includes(serial)),
    powerLost: serial => begun.get(serial) !== powerCuts,
  };

  const begin = async (): Promise<Life> => {
    const mortal = new MortalClock(clock);
    const till = await coreTill({
      dir,
      clock: mortal,
      random: length => Uint8Array.from({ length }, () => Math.floor(random() * 256)),
    });
    const transport = overheard(printer.transport(), handedOver);
    const { profile } = printer.personality;
    const driver = (options.driver ?? createPrinter)({ transport, profile, clock: mortal });
    const queue = createPrintQueue({
      store: till.store,
      book: till.book,
      printer: driver,
      clock: mortal,
      layout: (content, reprint) =>
        layoutCoupon(
          { ...content, barcode: 'qr', serial: content.serial, languages: [content.language], reprint },
          profile.columns,
        ),
      onCoupon(serial) {
        if (!life.alive) return;
        till.sales.couponChanged(serial);
        const job = till.store.printJournal.last(serial);
        if (job?.state === 'printing') begun.set(serial, powerCuts);
        else if (job !== null) noticed.push(...tooStrong(job.serial, job.state, tokenOf(job), paper));
      },
      onFault: error => {
        if (life.alive) noticed.push(`a fault inside the till: ${messageOf(error)}`);
      },
    });
    const life: Life = { till, queue, driver, clock: mortal, cutLink: transport.cutLink, alive: true };
    driver.start();
    queue.start();
    return life;
  };
  let life = await begin();
  await clock.advance(3500);

  return {
    clock,
    printer,
    get alive() {
      return life.alive;
    },
    async sell() {
      while (!life.alive) life = await begin();
      const { till, queue } = life;
      const [serial] = await till.sell(`S${++sales}`);
      if (serial === undefined) throw new Error('this bundle gives a coupon at every sale');
      // A till killed right after its sale finds the coupon in its journal.
      if (life.alive) queue.wake();
      return serial;
    },
    voidSaleOf(serial) {
      if (!life.alive) return;
      life.till.sales.voidSale(life.till.store.coupons.get(serial)?.saleId ?? '', 'en');
      life.queue.wake();
    },
    reprintIfOut(serial) {
      if (!life.alive) return;
      const { state, print } = life.till.store.coupons.get(serial) ?? { state: 'voided', print: 'failed' };
      if (state !== 'issued' || print === 'queued' || print === 'printing') return;
      life.till.sales.reprint(serial);
      life.queue.wake();
    },
    hurt(change) {
      if (change.power === false) powerCuts++;
      printer.set(change);
    },
    kill() {
      if (!life.alive) return;
      life.alive = false;
      life.clock.stop();
      life.cutLink();
      life.till.members.close();
      life.till.store.close();
    },
    async live() {
      if (!life.alive) life = await begin();
    },
    async drain(seconds) {
      const { printJournal } = life.till.store;
      for (let passed = 0; passed < seconds && printJournal.waiting() > 0; passed++) await clock.advance(1000);
      // Whatever the printer still has comes out.
      await clock.advance(3000);
      return printJournal.waiting() === 0;
    },
    broken(serials) {
      return [...noticed.splice(0), ...serials.flatMap(serial => brokenPromises(life.till.store, serial, paper))];
    },
    evidence: serial => life.till.store.printJournal.last(serial)?.state ?? 'none',
    async end() {
      if (life.alive) {
        await life.queue.stop();
        await life.driver.stop();
        await life.till.close();
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** What the till just wrote down, against the paper of this moment. */
function tooStrong(serial: string, state: string, token: string, paper: Paper): readonly string[] {
  if (state === 'confirmed' && paper.cut(token) === 0) return [`${serial} is confirmed, but not printed and cut`];
  if (state === 'fenced' && paper.cut(token) + paper.hanging(token) === 0) {
    // A fence says parsed, not printed: only a loss of the printer's memory may part the two.
    if (!paper.powerLost(serial)) return [`${serial} is fenced, but not on paper`];
    if (!paper.workedOff(serial)) return [`${serial} is fenced, but the printer never read it`];
  }
  if (state === 'sent' && !paper.handedOver(serial)) return [`${serial} is sent, but was never handed over`];
  return [];
}

export function tokenOf(job: { readonly content: string }): string {
  return (JSON.parse(job.content) as { readonly token: string }).token;
}

/** Time for one life; it stops with it. */
class MortalClock implements Clock {
  readonly #clock: Clock;
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Whole milliseconds, as real clocks have them; the mechanism of the printer moves in parts of them. */
  now(): number {
    return Math.floor(this.#clock.now());
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  after(ms: number, run: () => void): Cancel {
    return this.#clock.after(ms, () => {
      if (!this.#stopped) run();
    });
  }
}

/** Keeps what was taken whole, and can be cut off without a word to the driver. */
function overheard(transport: Transport, taken: Buffer[]): Transport & { readonly cutLink: () => void } {
  let open: Link | null = null;
  return {
    device: transport.device,
    bidirectional: transport.bidirectional,
    cutLink: () => void open?.close(),
    async open() {
      const link = await transport.open();
      open = link;
      return {
        ...link,
        async write(bytes) {
          await link.write(bytes);
          taken.push(Buffer.from(bytes));
        },
      };
    },
  };
}
