/** What HQ shows of its tills and bundles: the ledger's facts put together as the console reads them. */
import { type Clock, instant } from '../../clock.ts';
import { storeRing } from '../protocol/pointer.ts';
import { ailmentsOf } from './ailments.ts';
import type { KnownTill, Ledger, PublishedPointer, TillName } from './ledger.ts';
import type { BundleRow, StatusView, TillView } from './wire.ts';

export interface Fleet {
  /** Local date of the tills now. */
  today(): string;
  tills(): Promise<readonly TillView[]>;
  /** Of these tills, as far as they are known. */
  views(names: readonly TillName[]): Promise<readonly TillView[]>;
  bundles(): Promise<readonly BundleRow[]>;
  /** All of it out of one look at the tills. */
  overview(base: StatusBase): Promise<Overview>;
}

export interface Overview {
  readonly tills: readonly TillView[];
  readonly bundles: readonly BundleRow[];
  readonly status: StatusView;
}

/** What HQ says of itself. */
export type StatusBase = Pick<StatusView, 'tenant' | 'version' | 'startedAt' | 'broker' | 'database'>;

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
  async function look() {
    const published = await ledger.pointers();
    await learn(published[0]);
    return { published, tills: await ledger.tills(today()) };
  }

  const bundleRows = ({ published, tills }: Awaited<ReturnType<typeof look>>): readonly BundleRow[] =>
    published.map(({ pointer, publishedAt, offers, current }) => ({
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
      tills: current
        ? tills
            .filter(till => !pointer.ring.startsWith('store/') || pointer.ring === storeRing(till.store))
            .map(till => ({
              store: till.store,
              till: till.till,
              state: standingOf(till, pointer.id, pointer.version),
              version: till.bundle?.id === pointer.id ? till.bundle.version : null,
            }))
        : [],
    }));

  /** With the bundle that every till should have, or its store alone: the newest of them. */
  function ailing(published: readonly PublishedPointer[]): (till: KnownTill) => TillView {
    const current = published.filter(one => one.current).map(({ pointer }) => pointer);
    const nowMs = clock.now();
    return till => {
      const own = current.filter(({ ring }) => ring === 'all' || ring === storeRing(till.store));
      const [newest = null] = own.sort((a, b) => b.version - a.version);
      return { ...till, why: [...ailmentsOf(till, nowMs, newest)] };
    };
  }

  return {
    today,
    async tills() {
      const { published, tills } = await look();
      return tills.map(ailing(published));
    },
    async views(names) {
      if (names.length === 0) return [];
      const why = ailing(await ledger.pointers());
      const found: KnownTill[] = [];
      for (const name of names) found.push(...(await ledger.tills(today(), name)));
      return found.map(why);
    },
    bundles: async () => bundleRows(await look()),
    async overview(base) {
      const seen = await look();
      const { tills } = seen;
      const bundles = bundleRows(seen);
      const first = bundles.find(row => row.current);
      const count = (state: BundleRow['tills'][number]['state']) =>
        first?.tills.filter(till => till.state === state).length ?? 0;
      const status: StatusView = {
        ...base,
        currency,
        tills: {
          known: tills.length,
          online: tills.filter(till => till.online).length,
          behind: tills.filter(till => till.outbox.waiting > 0 || till.missing > 0).length,
          printers: tills.filter(till => (till.printer?.problem ?? null) !== null).length,
        },
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
      return { tills: tills.map(ailing(seen.published)), bundles, status };
    },
  };
}

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
