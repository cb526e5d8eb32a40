/**
 * Tells the consoles that watch what changes. While one look at the database is under way what changes meanwhile gathers, so
 * that a busy hour makes fewer looks, not more that run side by side.
 */
import type { Cancel, Clock } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import type { Fleet, StatusBase } from './fleet.ts';
import type { Committed, Ledger, TillName } from './ledger.ts';
import type { HqStream } from './stream.ts';

export interface TellingOptions {
  readonly stream: HqStream;
  readonly fleet: Fleet;
  readonly ledger: Pick<Ledger, 'saleRow'>;
  readonly clock: Clock;
  readonly log: SyncLog;
  readonly status: () => StatusBase;
}

export interface Telling {
  committed(committed: Committed): void;
  till(name: TillName): void;
  /** Bundles and status look at the whole fleet: told once for all that changes within a moment. */
  summary(): void;
  stop(): Promise<void>;
}

type SaleName = TillName & { readonly saleId: string };

const summaryMs = 200;
/** Looking at twenty thousand tills takes a while: never more than a twentieth of the time. */
const summaryPause = 20;
/** A console shows the newest; nobody reads more than these between two looks. */
const mostSales = 500;

export function createTelling({ stream, fleet, ledger, clock, log, status }: TellingOptions): Telling {
  const sales = new Map<string, SaleName>();
  const tills = new Map<string, TillName>();
  let looking: Promise<void> | null = null;
  let summing: Promise<void> | null = null;
  let cancelSummary: Cancel | null = null;
  let lastSummaryMs = 0;
  let stopped = false;

  /** Nobody watches: nothing has to be read back. */
  const isWatched = () => stream.readers > 0 && !stopped;

  async function look() {
    while (isWatched() && sales.size + tills.size > 0) {
      const [named, spoken] = [[...sales.values()], [...tills.values()]];
      sales.clear();
      tills.clear();
      for (const { saleId, ...till } of named) {
        const row = await ledger.saleRow(till, saleId);
        if (row !== null) stream.publish('sale', row);
      }
      for (const view of await fleet.views(spoken)) stream.publish('till', view);
    }
  }

  function changed() {
    looking ??= look()
      .catch(failed)
      .finally(() => {
        looking = null;
      });
  }

  async function sum() {
    const begun = clock.monotonic();
    const overview = await fleet.overview(status());
    lastSummaryMs = clock.monotonic() - begun;
    for (const row of overview.bundles) if (row.current) stream.publish('bundle', row);
    stream.publish('status', overview.status);
  }

  const failed = (error: unknown) => log.error({ error: messageOf(error) }, 'telling the console failed');

  function summary() {
    if (!isWatched() || cancelSummary !== null) return;
    cancelSummary = clock.after(Math.max(summaryMs, lastSummaryMs * summaryPause), () => {
      cancelSummary = null;
      if (isWatched()) summing = sum().catch(failed);
    });
  }

  return {
    committed(committed) {
      if (!isWatched()) return;
      for (const sale of committed.sales) sales.set(`${sale.store}/${sale.till}/${sale.saleId}`, sale);
      for (const oldest of [...sales.keys()].slice(0, -mostSales)) sales.delete(oldest);
      for (const { store, till } of committed.standings) tills.set(`${store}/${till}`, { store, till });
      changed();
      summary();
    },
    till(name) {
      if (!isWatched()) return;
      tills.set(`${name.store}/${name.till}`, { store: name.store, till: name.till });
      changed();
      summary();
    },
    summary,
    async stop() {
      stopped = true;
      cancelSummary?.();
      await Promise.all([looking, summing]);
    },
  };
}
