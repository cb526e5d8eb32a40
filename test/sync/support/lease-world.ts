/** Tills with real stores and several HQs on one database, between which everything may be lost, doubled and late. */
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle } from '../../../agent/offers/types.ts';
import type { GrantLine, LeaseJournal } from '../../../sync/hq/lease-journal.ts';
import { createLeaseDesk, type LeaseDesk } from '../../../sync/hq/leases.ts';
import type { Ledger, TillName } from '../../../sync/hq/ledger.ts';
import { silentLog } from '../../../sync/link/link.ts';
import type { LeaseAsk, LeaseCommand } from '../../../sync/protocol/lease.ts';
import { type CoreTill, coffee, coreTill, discard, pointerTo } from '../../sale/core-till.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** One database with an HQ or several on it. */
export interface HqPlace {
  /** One for each HQ. */
  open(): Promise<readonly Ledger[]>;
  close(): Promise<void>;
  /** A copy of the database as it is now; the former one is thrown away. */
  backUp(): Promise<void>;
  /** Only while it is closed. Nothing where there is no copy. */
  putBack(): Promise<void>;
  /** Throws away what lies on disk. */
  remove(): void;
}

export interface LeaseWorld {
  readonly tills: readonly WorldTill[];
  readonly desks: readonly LeaseDesk[];
  readonly ledgers: readonly Ledger[];
  /** All HQs end, their database is as it was at the last copy, they start again with their journals. */
  putHqBack(): Promise<void>;
  /** Coupons that came out somewhere and were not voided there, by the date on them. */
  standing(): readonly { readonly serial: string; readonly day: string }[];
  /** Time goes by everywhere. */
  pass(ms: number): void;
  close(): Promise<void>;
}

export interface WorldTill {
  readonly now: CoreTill;
  sell(): Promise<void>;
  /** A basket is put and stays open; an open one is paid. */
  openOrPay(): Promise<void>;
  void(which: number): void;
  /** What comes of a coupon at the printer. */
  print(which: number, end: 'not-printed' | 'print-unknown'): void;
  /** Asks one of the HQs, or two as if both were on one line. */
  ask(of: readonly number[]): Promise<void>;
  /** What HQ said arrives, or is lost, or arrives once more. */
  hear(how: 'arrives' | 'lost' | 'twice'): void;
  /** Sends some of what HQ does not have. @param skip so many events are lost on the way */
  upload(of: number, count: number, skip: number): Promise<void>;
  restart(): Promise<void>;
  backUp(): Promise<void>;
  restore(): Promise<void>;
  lose(): Promise<void>;
  jump(ms: number): void;
}

/** As HQ's own, but for the disk. */
export function memoryJournal(lines: GrantLine[] = [], isNew = lines.length === 0): LeaseJournal {
  return {
    isNew,
    async write(line) {
      lines.push(line);
    },
    newest: () => lines.slice(-1000),
    all: () => lines,
  };
}

/** As HQ keeps a bundle that it has published. */
export async function publish(ledger: Ledger, bundle: Bundle): Promise<void> {
  const { id, version, offers } = bundle;
  const bytes = Buffer.from(JSON.stringify(bundle));
  const pointer = pointerTo(bytes, id, version);
  const { sha256 } = pointer;
  await ledger.publish({ id, version, sha256, bytes, offers: offers.length, publishedAt: bundle.createdAt }, pointer);
}

/** @param keepsJournal false: the control, HQs that know of their grants by their database alone */
export async function leaseWorld(
  place: HqPlace,
  bundle: Bundle,
  count: number,
  keepsJournal = true,
): Promise<LeaseWorld> {
  const clock = new FakeClock();
  const heard = new Map<string, LeaseCommand[]>();
  const nameOf = ({ store, till }: TillName) => `${store}/${till}`;
  const command = (to: TillName, said: LeaseCommand) => void heard.get(nameOf(to))?.push(said);
  const journals = new Map<number, GrantLine[]>();
  let ledgers: readonly Ledger[] = [];
  let desks: readonly LeaseDesk[] = [];
  await start(true);
  const [first] = ledgers;
  if (first !== undefined) await publish(first, bundle);
  const came = new Map<string, string>();
  const tills: WorldTill[] = [];
  for (let n = 1; n <= count; n++) {
    heard.set(`0042/${n}`, []);
    tills.push(await worldTill(String(n)));
  }
  return {
    tills,
    get desks() {
      return desks;
    },
    get ledgers() {
      return ledgers;
    },
    async putHqBack() {
      await place.close();
      await place.putBack();
      await start(false);
    },
    standing: () => [...came].map(([serial, day]) => ({ serial, day })),
    pass(ms) {
      clock.jump(ms);
      for (const till of tills) till.jump(ms);
    },
    async close() {
      await discard(...tills.map(till => till.now));
    },
  };

  async function start(isNew: boolean) {
    ledgers = await place.open();
    desks = ledgers.map((ledger, index) => {
      const lines = keepsJournal ? (journals.get(index) ?? []) : [];
      journals.set(index, lines);
      const journal = memoryJournal(lines, isNew);
      return createLeaseDesk({ ledger, clock, log: silentLog, days: 7, command, journal, machine: index + 1 });
    });
    for (const desk of desks) await desk.open();
  }

  async function worldTill(id: string): Promise<WorldTill> {
    const own = new FakeClock();
    let till = await coreTill({ bundle, till: id, clock: own });
    const { dir } = till;
    const file = join(dir, 'till.sqlite');
    let sales = 0;
    let open: string | null = null;
    const done: string[] = [];
    const name = { store: '0042', till: id };
    const told = heard.get(nameOf(name)) ?? [];

    const again = async (change: () => void = () => {}) => {
      await till.close();
      change();
      open = null;
      till = await coreTill({ dir, till: id, clock: own, bundle });
    };
    const pay = (saleId: string) => {
      const total = till.sales.getSale(saleId, 'en').total.net;
      const { serials } = till.sales.complete(saleId, { completedAt: till.now(), total }, 'en');
      for (const serial of serials) came.set(serial, till.now().slice(0, 10));
      done.push(saleId);
    };
    const put = () => {
      sales += 1;
      const saleId = `${id}-${sales}`;
      till.sales.putSale(saleId, { startedAt: till.now(), lines: [coffee] }, 'en');
      return saleId;
    };
    const forget = (serial: string) => {
      if (till.store.coupons.get(serial)?.state === 'voided') came.delete(serial);
    };
    const issued = (which: number) => {
      const serials = done.flatMap(saleId => till.store.sales.outcome(saleId)?.serials ?? []);
      return serials[which % Math.max(1, serials.length)];
    };

    return {
      get now() {
        return till;
      },
      async sell() {
        pay(put());
      },
      async openOrPay() {
        if (open === null) open = put();
        else {
          const saleId = open;
          open = null;
          pay(saleId);
        }
      },
      void(which) {
        const saleId = done[which % Math.max(1, done.length)];
        if (saleId === undefined || till.store.sales.get(saleId) === null) return;
        till.sales.voidSale(saleId, 'en');
        for (const serial of [...came.keys()]) if (till.store.coupons.get(serial)?.saleId === saleId) forget(serial);
      },
      print(which, end) {
        const serial = issued(which);
        const job = serial === undefined ? null : till.store.printJournal.last(serial);
        if (serial === undefined || job === null) return;
        const next = till.store.transaction(() => {
          if (end === 'print-unknown') return till.book.replace(job, end, 0);
          till.book.void(serial, end);
          return null;
        });
        if (next !== null) came.set(next.serial, (next.issuedAt ?? '').slice(0, 10));
        forget(serial);
      },
      async ask(of) {
        const wanted: LeaseAsk | null = till.leases.port.wants();
        if (wanted !== null) await Promise.all(of.map(index => desks[index % desks.length]?.answer(name, wanted)));
      },
      hear(how) {
        const said = told.shift();
        if (said === undefined || how === 'lost') return;
        till.leases.port.take(said);
        if (how === 'twice') till.leases.port.take(said);
      },
      async upload(of, most, skip) {
        const { outbox } = till.store;
        // An HQ that has less than it confirmed asks for the rest again.
        const standing = await ledgers[of % ledgers.length]?.standing(name, outbox.epoch);
        const from = Math.min(outbox.acknowledged(), standing?.contiguous ?? 0);
        const events = outbox.read(from, most).slice(skip);
        if (events.length === 0) return;
        const arrival = { ...name, epoch: outbox.epoch, boot: outbox.boot, events, unreadable: [] };
        const committed = await ledgers[of % ledgers.length]?.commit([arrival], '2026-11-21T10:00:00Z');
        for (const standing of committed?.standings ?? []) outbox.acknowledge(standing.epoch, standing.contiguous);
      },
      restart: () => again(),
      async backUp() {
        await again(() => copyFileSync(file, `${file}.backup`));
      },
      async restore() {
        if (!existsSync(`${file}.backup`)) return;
        await again(() => {
          for (const end of ['-wal', '-shm']) rmSync(file + end, { force: true });
          copyFileSync(`${file}.backup`, file);
        });
      },
      async lose() {
        await again(() => {
          for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
        });
      },
      jump: ms => own.jump(ms),
    };
  }
}
