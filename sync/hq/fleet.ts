/** What HQ shows of its tills and bundles: the ledger's facts put together as the console reads them, however many tills there are. */
import { type Clock, instant } from '../../clock.ts';
import { storeRing } from '../protocol/pointer.ts';
import { ailmentsOf } from './ailments.ts';
import { createFleetSums } from './fleet-sums.ts';
import type { KnownTill, Ledger, PublishedPointer, TillName, TillsWanted } from './ledger.ts';
import type { TillMembersAnswer, TillsAnswer, TillsQuery, TillsSummary } from './tills-wire.ts';
import type { BundleRow, StatusView, TillView } from './wire.ts';

export interface Fleet {
  /** Local date of the tills now. */
  today(): string;
  tills(query: TillsQuery): Promise<TillsAnswer>;
  summary(): Promise<TillsSummary>;
  members(): Promise<TillMembersAnswer>;
  /** Of these tills, as far as they are known. */
  views(names: readonly TillName[]): Promise<readonly TillView[]>;
  bundles(): Promise<readonly BundleRow[]>;
  /** All of it out of one look at the tills. */
  overview(base: StatusBase): Promise<Overview>;
}

export interface Overview {
  readonly summary: TillsSummary;
  readonly bundles: readonly BundleRow[];
  readonly status: StatusView;
}

/** What HQ says of itself. */
export type StatusBase = Pick<StatusView, 'tenant' | 'version' | 'startedAt' | 'broker' | 'database' | 'clock'>;

/** Tills read at once: twenty thousand would hold everything else up for a second, and take its memory. */
const pageTills = 500;
const usualLimit = 500;

export function createFleet(
  ledger: Ledger,
  clock: Clock,
  bundleOf: (sha256: string) => Promise<BundleFacts | null>,
): Fleet {
  let timeZone = 'UTC';
  let currency: string | null = null;

  const today = () => instant(clock.now(), timeZone).slice(0, 10);

  async function learn(current: PublishedPointer | undefined) {
    const facts = current === undefined ? null : await bundleOf(current.pointer.sha256);
    if (facts === null) return;
    timeZone = facts.timezone;
    currency = facts.currency;
  }

  /** Learns the time zone first: it says which day it is. */
  async function published() {
    const pointers = await ledger.pointers();
    await learn(pointers[0]);
    return pointers;
  }

  async function* walk(wanted: TillsWanted = {}): AsyncGenerator<KnownTill> {
    let { after } = wanted;
    for (;;) {
      const page = await ledger.tills(today(), { ...wanted, after, limit: pageTills });
      yield* page;
      after = page.at(-1);
      if (page.length < pageTills) return;
      // SQLite answers at once: others have their turn between two pages.
      await new Promise(resolve => setImmediate(resolve));
    }
  }

  /** With the bundle that every till should have, or its store alone: the newest of them. */
  function ailing(pointers: readonly PublishedPointer[]): (till: KnownTill) => TillView {
    const current = pointers.filter(one => one.current).map(({ pointer }) => pointer);
    const nowMs = clock.now();
    return till => {
      const own = current.filter(({ ring }) => ring === 'all' || ring === storeRing(till.store));
      const [newest = null] = own.sort((a, b) => b.version - a.version);
      return { ...till, why: [...ailmentsOf(till, nowMs, newest)] };
    };
  }

  /** One look at all tills. */
  async function look() {
    const pointers = await published();
    const bundles = pointers.map(bundleRow);
    const current = pointers.flatMap(({ pointer, current }, at) => (current ? [{ pointer, row: bundles[at] }] : []));
    const view = ailing(pointers);
    const sums = createFleetSums();
    for await (const till of walk()) {
      sums.add(view(till));
      for (const { pointer, row } of current)
        if (!pointer.ring.startsWith('store/') || pointer.ring === storeRing(till.store))
          row?.tills.push(standingAt(till, pointer));
    }
    return { bundles, sums };
  }

  return {
    today,
    async tills({ store, till, online, why, limit = usualLimit, after }) {
      const view = ailing(await published());
      const [afterStore = '', afterTill = ''] = after?.split('/') ?? [];
      const tills: TillView[] = [];
      const from = after === undefined ? undefined : { store: afterStore, till: afterTill };
      for await (const known of walk({ store, till, after: from })) {
        const one = view(known);
        if (online !== undefined && one.online !== online) continue;
        if (why !== undefined && !one.why.some(({ code }) => why === 'any' || code === why)) continue;
        const last = tills.at(-1);
        if (tills.length === limit && last !== undefined) return { tills, next: `${last.store}/${last.till}` };
        tills.push(one);
      }
      return { tills, next: null };
    },
    summary: async () => (await look()).sums.summary(),
    async members() {
      const stores = new Map<string, { store: string; version: number | null; tills: number }>();
      for await (const { store, members } of walk()) {
        const version = members?.version ?? null;
        const row = stores.get(`${store} ${version}`) ?? { store, version, tills: 0 };
        row.tills += 1;
        stores.set(`${store} ${version}`, row);
      }
      return { stores: [...stores.values()] };
    },
    async views(names) {
      if (names.length === 0) return [];
      const why = ailing(await ledger.pointers());
      const found: KnownTill[] = [];
      for (const name of names) found.push(...(await ledger.tills(today(), name)));
      return found.map(why);
    },
    bundles: async () => (await look()).bundles,
    async overview(base) {
      const { bundles, sums } = await look();
      const first = bundles.find(row => row.current);
      const count = (state: BundleRow['tills'][number]['state']) =>
        first?.tills.filter(till => till.state === state).length ?? 0;
      const summary = sums.summary();
      const status: StatusView = {
        ...base,
        currency,
        tills: { known: summary.known, online: summary.online, behind: sums.behind(), printers: sums.printers() },
        ...(await ledger.totals(today())),
        bundle:
          first === undefined
            ? null
            : {
                id: first.id,
                version: first.version,
                active: count('active'),
                behind: count('behind'),
                refused: count('refused'),
              },
      };
      return { summary, bundles, status };
    },
  };
}

const bundleRow = ({ pointer, publishedAt, offers, current }: PublishedPointer): BundleRow => ({
  id: pointer.id,
  version: pointer.version,
  sha256: pointer.sha256,
  size: pointer.size,
  offers,
  ring: pointer.ring,
  publishedAt,
  notBefore: pointer.notBefore,
  notAfter: pointer.notAfter,
  current,
  tills: [],
});

const standingAt = (till: KnownTill, { id, version }: PublishedPointer['pointer']): BundleRow['tills'][number] => ({
  store: till.store,
  till: till.till,
  state: standingOf(till, id, version),
  version: till.bundle?.id === id ? till.bundle.version : null,
});

/** What HQ reads out of a bundle's file for its pages. */
export interface BundleFacts {
  readonly timezone: string;
  readonly currency: string;
  /** Name and campaign by offer id. */
  readonly offers: ReadonlyMap<string, { readonly name: string | null; readonly campaign: string | null }>;
}

function standingOf(till: KnownTill, id: string, version: number): BundleRow['tills'][number]['state'] {
  if (till.bundleRefused?.id === id && till.bundleRefused.version === version) return 'refused';
  if (till.bundle?.id !== id) return 'behind';
  if (till.bundle.version === version) return 'active';
  return till.bundle.version > version ? 'ahead' : 'behind';
}
