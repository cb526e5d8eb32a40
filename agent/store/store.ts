/**
 * The till's database: one file, one writer, one transaction a fact. Opening it checks it; a damaged one is set aside, what can
 * be read is saved, and the till goes on selling under a new epoch.
 */
import { existsSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Clock, instant } from '../../clock.ts';
import { isTillsideError, messageOf } from '../../errors.ts';
import type { TillAddress, TillEvent } from '../../sync/protocol/types.ts';
import { type BundleRows, createBundleRows } from './bundle-rows.ts';
import { type CouponRows, createCouponRows } from './coupon-rows.ts';
import { countCustomerChanges } from './customer-changes.ts';
import { type Database, firstDamage, migrate, openDatabase, withStoreErrors } from './database.ts';
import { createDayTotals, type DayTotals, leaveFormerSales } from './day-totals.ts';
import { makeFolder } from './folder.ts';
import { type Random, systemRandom } from './ids.ts';
import { createLeaseRows, type LeaseRows } from './lease-rows.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { createPeerRows, type PeerRows } from './peer-rows.ts';
import { createPrintJournal, type PrintJournal } from './print-journal.ts';
import { createSaleRows, type SaleRows } from './sale-rows.ts';
import { type Salvage, salvage } from './salvage.ts';
import { migrations } from './schema.ts';
import { createSettings, type Settings } from './settings.ts';
import { openStartsNote, readStartsNote, type StartsNote } from './starts-note.ts';
import { lockWriter } from './writer-lock.ts';

export type StoreOptions = {
  /** The database file, usually `dataDir/till.sqlite`; its directory is made. */
  readonly path: string;
  readonly address: TillAddress;
  readonly clock: Clock;
  readonly random?: Random;
  /** IANA zone in which events are dated. */
  readonly timeZone?: string;
};

export interface Store {
  readonly path: string;
  readonly address: TillAddress;
  readonly epoch: number;
  readonly boot: number;
  readonly timeZone: string;
  readonly clock: Clock;
  readonly random: Random;
  /** What was found at start: null, or where the damaged file lies now. */
  readonly damaged: { readonly problem: string; readonly setAside: string } | null;
  readonly sales: SaleRows;
  readonly coupons: CouponRows;
  readonly printJournal: PrintJournal;
  readonly ledger: Ledger;
  readonly leases: LeaseRows;
  readonly outbox: Outbox;
  readonly peers: PeerRows;
  readonly bundles: BundleRows;
  readonly settings: Settings;
  /** Per local day, of the sales completed since; see reconciliation in docs/sync.md. */
  readonly dayTotals: DayTotals;
  /**
   * Runs `run` in one transaction that is on disk when this returns; inside another it joins that one.
   * @throws TillsideError `disk-full`, `disk-failed`, `store-damaged`; whatever `run` throws. Nothing of it is kept then.
   */
  transaction<T>(run: () => T): T;
  /** Within a transaction: `run`, of which nothing is kept if it throws, while the transaction goes on. */
  attempt<T>(run: () => T): T;
  /** Calls back after the running transaction has committed; outside of one, at once. */
  afterCommit(run: () => void): void;
  /** Grows with every change of what is known of customers; null inside a transaction, of which nothing may remain. */
  customerChanges(): number | null;
  /** Now, as the till writes it. */
  instant(): string;
  /**
   * Deletes what is out of its time: acknowledged events and sales after 35 days, coupons and purchases
   * after 400; coupons in sales that nobody touched for a day are free again, which a note tells. Nothing is deleted
   * while the wall clock jumps: not in a run before which it moved otherwise than the monotonic one.
   */
  prune(): void;
  /** Empties the log, in which deleted rows still stand as they were; the pages themselves are cleared by secure_delete. */
  scrub(): void;
  close(): void;
}

const DAY = 86_400_000;
/** More than a time server corrects step by step, less than anything that is kept. */
const CLOCK_TOLERANCE_MS = 10 * 60_000;
const KEEP_FACTS_MS = 35 * DAY;
const KEEP_HISTORY_MS = 400 * DAY;

/**
 * Opens, checks and migrates the till's database.
 * @throws TillsideError `store-newer`, `store-busy` (another process writes it), `disk-full`
 */
export function openStore(options: StoreOptions): Store {
  makeFolder(dirname(options.path));
  const unlock = lockWriter(options.path);
  try {
    return openLocked(options, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

function openLocked(options: StoreOptions, unlock: () => void): Store {
  const { path, address, clock } = options;
  const random = options.random ?? systemRandom;
  const timeZone = options.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const opened = openSound(path, clock);
  const { database } = opened;
  const settings = createSettings(database);
  const { epoch, boot, restored, note } = count(path, opened, settings, clock);

  let hooks: Set<() => void> | null = null;
  const afterCommit = (run: () => void) => {
    if (hooks === null) run();
    else hooks.add(run);
  };
  const outbox = createOutbox({
    database,
    settings,
    clock,
    random,
    timeZone,
    address,
    epoch,
    boot,
    afterCommit,
  });

  let lastOffset = clock.now() - clock.monotonic();
  const store: Store = {
    path,
    address,
    epoch,
    boot,
    timeZone,
    clock,
    random,
    damaged: opened.damaged,
    sales: createSaleRows(database),
    coupons: createCouponRows(database),
    printJournal: createPrintJournal(database),
    ledger: createLedger(database),
    leases: createLeaseRows(database, settings, epoch),
    outbox,
    peers: createPeerRows(database),
    bundles: createBundleRows(database),
    settings,
    dayTotals: createDayTotals(database, timeZone),
    transaction(run) {
      if (hooks !== null) return run();
      const mine = new Set<() => void>();
      hooks = mine;
      let result: ReturnType<typeof run>;
      try {
        result = withStoreErrors(() => database.transaction(run).immediate());
      } finally {
        hooks = null;
      }
      for (const hook of mine) hook();
      return result;
    },
    attempt: run => withStoreErrors(() => database.transaction(run)()),
    afterCommit,
    customerChanges: countCustomerChanges(database),
    instant: () => instant(clock.now(), timeZone),
    prune() {
      const now = clock.now();
      const offset = now - clock.monotonic();
      const jumped = Math.abs(offset - lastOffset) > CLOCK_TOLERANCE_MS;
      lastOffset = offset;
      if (jumped) return;
      store.transaction(() => {
        outbox.prune(KEEP_FACTS_MS);
        // A sale that the POS forgot must not keep a customer's coupon for ever.
        for (const { saleId, serial } of store.sales.presentedInStale(now - DAY)) {
          store.sales.unpresent(saleId, serial);
          store.coupons.release(serial);
          outbox.append('till.note', { note: 'coupon-of-forgotten-sale-freed', saleId, serial });
        }
        store.sales.prune(now - KEEP_FACTS_MS);
        store.printJournal.prune(instant(now - KEEP_FACTS_MS, timeZone));
        store.peers.prune(now - KEEP_FACTS_MS);
        store.coupons.expire(now);
        store.coupons.prune(now - KEEP_HISTORY_MS);
        store.ledger.prune(now - KEEP_HISTORY_MS);
        store.leases.prune(now - KEEP_HISTORY_MS);
      });
    },
    scrub: () => void database.pragma('wal_checkpoint(TRUNCATE)'),
    close() {
      note.close();
      database.close();
      unlock();
    },
  };
  const lastFact = database.prepare<[], number>(LAST_FACT).pluck();
  outbox.onAppend(() => note.write({ epoch, boot, seq: lastFact.get() ?? 0 }));
  store.transaction(() => store.coupons.releaseStray());
  if (opened.damaged !== null) tellDamage(store, database, opened.damaged, opened.saved);
  else if (restored) tellRestored(store, database);
  return store;
}

type Opened = {
  readonly database: Database;
  readonly damaged: Store['damaged'];
  readonly saved: Salvage | null;
};

function openSound(path: string, clock: Clock): Opened {
  let problem: string | null;
  try {
    const database = openDatabase(path);
    problem = firstDamage(database);
    if (problem === null) {
      try {
        migrate(database, migrations);
        return { database, damaged: null, saved: null };
      } catch (error) {
        database.close();
        throw error;
      }
    }
    database.close();
  } catch (error) {
    if (!isTillsideError(error, 'store-damaged')) throw error;
    problem = messageOf(error);
  }
  const setAside = `${path}.damaged-${new Date(clock.now()).toISOString().replaceAll(/[-:.]/g, '')}`;
  for (const end of ['', '-wal', '-shm']) if (existsSync(path + end)) renameSync(path + end, setAside + end);
  const database = openDatabase(path);
  migrate(database, migrations);
  return { database, damaged: { problem, setAside }, saved: salvage(setAside, database) };
}

type Count = { readonly epoch: number; readonly boot: number; readonly restored: boolean; readonly note: StartsNote };

const LAST_FACT = 'SELECT coalesce(max(seq), 0) FROM outbox';

/** Epoch and boot. The epoch is the second in which a database began, so that it grows even where the file before was lost whole. */
function count(path: string, { database, saved }: Opened, settings: Settings, clock: Clock): Count {
  const file = `${path}.starts`;
  const noted = readStartsNote(file);
  const known = settings.number('epoch');
  const lastBoot = settings.number('boot') ?? 0;
  const seq = database.prepare<[], number>(LAST_FACT).pluck().get() ?? 0;
  const isOld =
    known !== null &&
    noted !== null &&
    noted.epoch >= known &&
    // A copy made and put back between two starts has counted the same starts.
    (noted.boot > lastBoot || (noted.epoch === known && noted.seq > seq));
  let epoch = known;
  if (epoch === null || isOld) {
    const floor = Math.max(noted?.epoch ?? 0, known ?? 0, saved?.epoch ?? 0);
    epoch = Math.max(Math.floor(clock.now() / 1000), floor + 1);
    settings.set('epoch', epoch);
  }
  const boot = Math.max(lastBoot, noted?.boot ?? 0) + 1;
  settings.set('boot', boot);
  const note = openStartsNote(file);
  note.write({ epoch, boot, seq: isOld ? 0 : seq });
  return { epoch, boot, restored: isOld, note };
}

/** HQ learns of it first, then everything that it may not have: same ids, new numbers. */
function tellDamage(
  store: Store,
  database: Database,
  damaged: NonNullable<Store['damaged']>,
  saved: Salvage | null,
): void {
  const events = saved?.events ?? [];
  store.transaction(() => {
    store.outbox.append('till.note', {
      note: 'store-damaged',
      problem: damaged.problem,
      salvagedEvents: events.length,
      salvagedRows: saved?.rows ?? {},
      formerEpoch: saved?.epoch ?? null,
    });
    carryOver(store, database, events);
  });
}

/** An older copy was put back: its numbers may be taken by facts that HQ has and this copy never saw. */
function tellRestored(store: Store, database: Database): void {
  store.transaction(() => {
    const events = store.outbox.restart();
    store.outbox.append('till.note', { note: 'store-restored', carriedOver: events.length });
    carryOver(store, database, parsed(events));
  });
}

/** One at a time: 35 days may be fifty thousand. */
function* parsed(events: readonly string[]): Iterable<TillEvent> {
  for (const json of events) yield JSON.parse(json) as TillEvent;
}

function carryOver(store: Store, database: Database, events: Iterable<TillEvent>): void {
  const sales: unknown[] = [];
  for (const event of events) {
    store.outbox.appendSalvaged(event);
    if (event.type === 'sale.completed') sales.push(event.body.saleId);
  }
  leaveFormerSales(database, sales);
}
