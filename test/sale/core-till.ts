/** A till without devices and network: real store in a temporary folder, real offers, a printer that does what a test says. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CouponBook,
  createCouponBook,
  createTokens,
  type Leases,
  type Tokens,
} from '../../agent/coupons/index.ts';
import type { Bundle, Offer } from '../../agent/offers/types.ts';
import type { AskMember, PeerPort, TrustPort } from '../../agent/ports.ts';
import { createPrintQueue, type PrintQueue } from '../../agent/printing/queue.ts';
import {
  type ActiveBundle,
  type ActiveBundleOptions,
  createActiveBundle,
  createSaleLeases,
  createSales,
  type OfferEngine,
  type Sales,
} from '../../agent/sale/index.ts';
import {
  type Catalogue,
  type Members,
  type NewMember,
  openMembers,
  openStore,
  type Random,
  type Store,
} from '../../agent/store/index.ts';
import type { Clock } from '../../clock.ts';
import type { Printer } from '../../drivers/printer/types.ts';
import type { WeighedPrefix } from '../../drivers/scanner/codes.ts';
import type { BundlePointer, TillEvent } from '../../sync/protocol/types.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakePrinter } from './fake-printer.ts';

export const anna: NewMember = {
  memberId: 'm-anna',
  firstName: 'Anna',
  household: 'h-1',
  tier: 'basic',
  points: 120,
  language: 'de',
  joined: '2026-01-10',
  consents: ['coupons'],
  segments: ['coffee-lover'],
  cards: ['2501000000017'],
};
export const beat: NewMember = {
  memberId: 'm-beat',
  firstName: 'Beat',
  household: 'h-2',
  tier: 'basic',
  points: 0,
  language: 'fr',
  cards: ['2501000000024'],
};

/** 20 % off everything on the next visit, bound to the household. */
export const nextVisit: Offer = {
  id: 'next-visit',
  version: 1,
  phase: 'issue',
  priority: 70,
  contact: { class: 'coupon' },
  benefit: { percent: { permyriad: 2000 } },
  coupon: {
    validDays: 14,
    barcode: 'qr',
    offline: 'accept',
    texts: {
      de: { title: '20 % beim nächsten Einkauf', legal: 'Einmal einlösbar.' },
      en: { title: '20 % on your next visit' },
    },
  },
};
export const coffeeTenth: Offer = {
  id: 'coffee-10',
  version: 1,
  name: '10 % on coffee',
  phase: 'line',
  benefit: { percent: { permyriad: 1000, of: { category: ['food/coffee'] } } },
};
export const earn: Offer = { id: 'earn', version: 1, phase: 'points', benefit: { points: { per: 100, earn: 1 } } };

export function bundleOf(offers: readonly Offer[], change: Partial<Bundle> = {}): Bundle {
  return {
    format: 'tillside/bundle/1',
    id: 'weekly',
    version: 1,
    createdAt: '2026-11-16T04:00:00+01:00',
    notAfter: '2026-12-31T23:59:59+01:00',
    currency: 'CHF',
    timezone: 'Europe/Zurich',
    defaultLanguage: 'de',
    cardSchemes: [{ id: 'club', prefix: '2501', length: 13, check: 'gs1-mod10' }],
    loyalty: {
      tiers: [
        { id: 'basic', from: 0 },
        { id: 'silver', from: 1000 },
      ],
    },
    offers,
    ...change,
  };
}

export function pointerTo(bytes: Uint8Array, id = 'weekly', version = 1): BundlePointer {
  return {
    id,
    version,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    size: bytes.length,
    block: 131_072,
    notBefore: '2026-01-01T00:00:00Z',
    notAfter: '2999-01-01T00:00:00Z',
    ring: 'all',
    keyId: 'k',
    signature: 'c2ln',
  };
}

/** Coffee for 9.00 in two pieces, milk for 1.60. */
export const coffee = {
  lineId: '1',
  gtin: '7610200337450',
  name: 'Coffee',
  quantity: '2',
  amount: 900,
  category: 'food/coffee',
};
export const milk = { lineId: '2', gtin: '7610200000019', quantity: '1', amount: 160, category: 'food/dairy' };

export type CoreTillOptions = {
  readonly bundle?: Bundle | null;
  readonly till?: string;
  readonly store?: string;
  readonly dir?: string;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly members?: readonly NewMember[];
  readonly peers?: PeerPort;
  readonly engine?: OfferEngine;
  readonly catalogue?: Catalogue;
  readonly weighed?: readonly WeighedPrefix[];
  readonly printer?: Printer;
  readonly askMember?: AskMember;
  readonly askCoupon?: (serial: string) => Promise<boolean | null>;
  /** Puts something between the till and its store. */
  readonly wrapStore?: (store: Store) => Store;
  /** 32 bytes; the same for all tills of a retailer. */
  readonly couponKey?: Uint8Array;
  readonly trust?: TrustPort;
  /** How long the steps take by which a bundle is made ready; absent: as long as they do. */
  readonly making?: Pick<ActiveBundleOptions, 'digest' | 'pause'>;
};

export type CoreTill = {
  readonly dir: string;
  readonly clock: FakeClock;
  readonly store: Store;
  readonly members: Members;
  readonly bundles: ActiveBundle;
  readonly tokens: Tokens;
  readonly book: CouponBook;
  readonly printer: FakePrinter;
  readonly queue: PrintQueue;
  readonly sales: Sales;
  readonly leases: Leases;
  readonly faults: unknown[];
  activate(bundle: Bundle): ReturnType<ActiveBundle['activate']>;
  /** Sells `lines` and completes at the clock's time for what the till itself makes of it. */
  sell(saleId: string, lines?: readonly (typeof coffee | typeof milk)[], card?: string): Promise<readonly string[]>;
  events(type?: TillEvent['type']): readonly TillEvent[];
  token(serial: string): string;
  now(): string;
  /** Ends as a shut-down does; the folder stays. */
  close(): Promise<void>;
};

/** Members are only imported into a new folder; the bundle is only activated where none is stored. */
export async function coreTill(options: CoreTillOptions = {}): Promise<CoreTill> {
  const dir = options.dir ?? temporaryFolder();
  const clock = (options.clock as FakeClock | undefined) ?? new FakeClock();
  const faults: unknown[] = [];
  const onFault = (error: unknown) => void faults.push(error);
  const opened = openStore({
    path: join(dir, 'till.sqlite'),
    address: { tenant: 'demo', store: options.store ?? '0042', till: options.till ?? '1' },
    clock,
    timeZone: 'Europe/Zurich',
    ...(options.random === undefined ? {} : { random: options.random }),
  });
  const store = options.wrapStore?.(opened) ?? opened;
  const members = openMembers(join(dir, 'members.sqlite'));
  if (members.count() === 0) members.importMembers(options.members ?? [anna, beat], 0);
  const engine = options.engine === undefined ? {} : { engine: options.engine };
  const bundles = createActiveBundle({
    store,
    clock,
    onFault,
    ...engine,
    ...options.making,
    ...(options.trust === undefined ? {} : { trust: options.trust }),
  });
  const activate = (bundle: Bundle) => {
    const bytes = new TextEncoder().encode(JSON.stringify(bundle));
    return bundles.activate(bytes, pointerTo(bytes, bundle.id, bundle.version));
  };
  const bundle = options.bundle === undefined ? bundleOf([nextVisit, coffeeTenth, earn]) : options.bundle;
  if (bundle !== null && bundles.active() === null) {
    const result = await activate(bundle);
    if (!result.ok) throw new Error(JSON.stringify(result));
  }
  const tokens = createTokens([options.couponKey ?? Buffer.alloc(32, 7)]);
  const book = createCouponBook(store, tokens);
  const paper = new FakePrinter();
  const printer = options.printer ?? paper;
  const queue = createPrintQueue({
    store,
    book,
    printer,
    clock,
    layout: (content, reprint) => [
      { kind: 'text', text: `${reprint ? 'again ' : ''}${content.title}` },
      { kind: 'barcode', type: 'qr', data: content.token, human: content.serial },
    ],
    onCoupon: serial => sales.couponChanged(serial),
    onFault,
  });
  const leases = createSaleLeases({ store, bundles, clock, onFault });
  const sales: Sales = createSales({
    store,
    members,
    catalogue: options.catalogue ?? null,
    bundles,
    book,
    tokens,
    peers: options.peers ?? null,
    leases,
    clock,
    weighed: options.weighed ?? [],
    currency: 'CHF',
    wakePrinter: () => queue.wake(),
    onFault,
    ...engine,
    ...(options.askMember === undefined ? {} : { askMember: options.askMember }),
    ...(options.askCoupon === undefined ? {} : { askCoupon: options.askCoupon }),
  });
  const till: CoreTill = {
    dir,
    clock,
    store,
    members,
    bundles,
    tokens,
    book,
    printer: paper,
    queue,
    sales,
    leases,
    faults,
    activate,
    async sell(saleId, lines = [coffee], card) {
      if (card !== undefined) await sales.scan(saleId, { code: card }, 'en');
      const quote = sales.putSale(saleId, { startedAt: till.now(), lines: [...lines] }, 'en');
      return sales.complete(saleId, { completedAt: till.now(), total: quote.total.net }, 'en').serials;
    },
    events: type => store.outbox.read(0, 1_000_000).filter(event => type === undefined || event.type === type),
    token(serial) {
      const coupon = store.coupons.get(serial);
      if (coupon === null) throw new Error(`no coupon ${serial}`);
      const { offer, variant, validFrom, validTo, binding } = coupon;
      return tokens.write({ serial, offer, variant, validFrom, validTo, binding });
    },
    now: () => store.instant(),
    async close() {
      await queue.stop();
      sales.stop();
      members.close();
      bundles.close();
      store.close();
    },
  };
  return till;
}

/** In memory where there is room: a commit waits for no disk, and nothing here survives the machine anyway. */
export function temporaryFolder(): string {
  return mkdtempSync(join(hasRoom('/dev/shm') ? '/dev/shm' : tmpdir(), 'till-'));
}

const roomBytes = 512 * 1024 * 1024;

function hasRoom(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize >= roomBytes;
}

/** Closes and throws the folder away. */
export async function discard(...tills: readonly CoreTill[]): Promise<void> {
  for (const till of tills) {
    await till.close();
    rmSync(till.dir, { recursive: true, force: true });
  }
}
