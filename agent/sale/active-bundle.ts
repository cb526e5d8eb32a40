/** The bundle that the till decides with: checked, compiled, swapped in one transaction; the old one stays if anything is wrong. */
import { subtle } from 'node:crypto';
import type { Cancel, Clock } from '../../clock.ts';
import { type Fault, messageOf } from '../../errors.ts';
import type { BundlePointer } from '../../sync/protocol/types.ts';
import {
  type Activated,
  activating,
  type CompiledBundle,
  decide,
  endIssue,
  type PreparedMember,
  prepareMember,
  runningGolden,
  type ScannedBasket,
  scanBasket,
  withdrawn,
} from '../offers/index.ts';
import { finish } from '../offers/steps.ts';
import type { Benefit, Bundle, Cap, CouponTerms, Decision, History, Member, Offer, Sale } from '../offers/types.ts';
import type { ActivationResult, BundlePort, CurrentBundle, TrustPort } from '../ports.ts';
import type { BundleRow, Store } from '../store/index.ts';
import { createBundleWatch } from './bundle-watch.ts';

/** The evaluator, as the till uses it. */
export type OfferEngine = {
  readonly activate: (bytes: Uint8Array) => Generator<undefined, Activated>;
  readonly decide: (
    compiled: CompiledBundle,
    sale: Sale,
    prepared?: PreparedMember | null,
    scanned?: ScannedBasket | null,
  ) => Decision;
  /** What can be worked out before the total, for `decide` to use. */
  readonly follow?: {
    readonly member: (compiled: CompiledBundle, member: Member, history: History) => PreparedMember;
    readonly basket: (compiled: CompiledBundle) => ScannedBasket;
  };
  /** Decides the golden baskets that a bundle carries; what differs is a fault. */
  readonly golden?: (compiled: CompiledBundle) => Generator<undefined, readonly Fault[]>;
};

export const offerEngine: OfferEngine = {
  activate: activating,
  decide,
  follow: { member: prepareMember, basket: scanBasket },
  golden: runningGolden,
};

export type Active = {
  readonly bundle: Bundle;
  readonly compiled: CompiledBundle;
  readonly ref: { readonly id: string; readonly version: number };
  readonly sha256: string;
  readonly activatedAt: string;
  /** Signed, and by whom; null: it came with this version of the till. */
  readonly pointer: BundlePointer | null;
  /** When it ceases to issue coupons, RFC 3339: the earlier of its own end and its pointer's. */
  readonly notAfter: string;
  readonly offers: ReadonlyMap<string, Offer>;
  /** Offers whose caps need a number from the till's ledger. */
  readonly capped: readonly { readonly offer: Offer; readonly caps: readonly Cap[] }[];
  /** How far back purchases matter; 0: not at all. */
  readonly boughtWithinDays: number;
};

export type RefusedBundle = {
  readonly id: string;
  readonly version: number;
  readonly code: string;
  readonly message?: string;
  readonly faults: readonly Fault[];
};

export interface ActiveBundle extends BundlePort {
  active(): Active | null;
  /** The last one refused, until a newer one is activated. */
  refused(): RefusedBundle | null;
  /** Goes back to the bundle before, after repeated crashes; the highest version trusted stays. */
  revert(): ActivationResult;
  /** Why the active one issues no coupons now; null: it does, or there is none. */
  ended(): CurrentBundle['ended'];
  onChange(listener: () => void): () => void;
  /** The process ends in order: the next start is none after a crash. */
  close(): void;
}

export type ActiveBundleOptions = {
  readonly store: Store;
  readonly clock: Clock;
  readonly engine?: OfferEngine;
  /** Lets sales go on between two steps of making a bundle ready. Default: a turn of the event loop. */
  readonly pause?: () => Promise<void>;
  /** SHA-256 of a file of megabytes. Default: in another thread, so that sales go on meanwhile. */
  readonly digest?: (bytes: Uint8Array) => Promise<Uint8Array>;
  readonly onFault?: (error: unknown) => void;
  /** Absent: only the database knows what was trusted. */
  readonly trust?: TrustPort;
};

/** A timer is looked after at least this often: the wall clock may jump. */
const recheckMs = 3_600_000;

/** Takes up the stored bundle at once, so that a till without network decides from its first second. */
export function createActiveBundle(options: ActiveBundleOptions): ActiveBundle {
  const { store } = options;
  const engine = options.engine ?? offerEngine;
  const pause = options.pause ?? (() => new Promise<void>(resolve => setImmediate(resolve)));
  const digest = options.digest ?? digestAside;
  const listeners = new Set<() => void>();
  /** One bundle is made ready at a time. */
  let turn: Promise<unknown> = Promise.resolve();
  let active: Active | null = null;
  let refused = readRefused(store);
  let cancelEnd: Cancel = () => {};
  const { trust } = options;
  const isRevoked = (keyId: string) => trust?.isRevoked(keyId) ?? false;
  const watch = createBundleWatch(store.settings, options.clock, run => store.transaction(run));

  // Before its bytes are looked at: they may be what ended the process.
  const crashed = watch.start() ? goBack() : null;
  const stored = store.bundles.current();
  if (stored !== null) {
    try {
      active = activeOf(stored, finish(engine.activate(stored.bytes)));
      trust?.raise(stored.id, stored.version, stored.pointer?.keyId ?? '');
      limit();
    } catch (error) {
      options.onFault?.(error);
    }
  }
  if (crashed !== null)
    options.onFault?.(new Error(`bundle ${crashed.id} ${crashed.version} went after three crashes`));
  const forget = trust?.onKeys(() => {
    limit();
    tell();
  });

  const tell = () => {
    for (const listener of [...listeners]) listener();
  };

  const refuse = (id: string, version: number, code: string, message: string, faults: readonly Fault[]) => {
    refused = { id, version, code, message, faults };
    store.transaction(() => {
      store.settings.set('bundle.refused', JSON.stringify(refused));
      store.outbox.append('bundle.rejected', { id, version, code, message, faults: faults.slice(0, 20) });
    });
    tell();
    return { ok: false, code, message, faults } as const;
  };

  const swap = (row: BundleRow, made: Activated, run: () => void): ActivationResult => {
    const next = activeOf(row, made);
    store.transaction(() => {
      run();
      watch.activated();
      store.settings.remove('bundle.refused');
      store.outbox.append('bundle.activated', { id: row.id, version: row.version, sha256: row.sha256 }, next.ref);
    });
    active = next;
    refused = null;
    trust?.raise(row.id, row.version, row.pointer?.keyId ?? '');
    limit();
    tell();
    return { ok: true, id: row.id, version: row.version };
  };

  /** When the active one's coupons end; looked at again then, so that screen and HQ learn of it. */
  function limit() {
    cancelEnd();
    if (active === null) return;
    const { pointer, compiled, notAfter } = active;
    endIssue(compiled, pointer !== null && isRevoked(pointer.keyId) ? withdrawn : notAfter);
    const left = Date.parse(notAfter) - options.clock.now();
    if (left < 0) return;
    cancelEnd = options.clock.after(Math.min(left + 1, recheckMs), () => {
      limit();
      if (ended() !== null) tell();
    });
  }

  function ended(): 'expired' | 'revoked' | null {
    if (active === null) return null;
    if (active.pointer !== null && isRevoked(active.pointer.keyId)) return 'revoked';
    return options.clock.now() > Date.parse(active.notAfter) ? 'expired' : null;
  }

  /** The bundle before becomes the current one, in the database; what went is never taken up again. Null: there is none. */
  function goBack(): BundleRow | null {
    const [bad, previous] = [store.bundles.current(), store.bundles.previous()];
    if (bad === null || previous === null) return null;
    const { id, version, sha256 } = bad;
    const message = `The till went back to version ${previous.version}.`;
    refused = { id, version, code: 'bundle-reverted', message, faults: [] };
    store.transaction(() => {
      store.bundles.revert();
      store.settings.set('bundle.refused', JSON.stringify(refused));
      store.settings.set('bundle.bad', JSON.stringify([sha256, ...badFiles(store)].slice(0, mostBad)));
      store.settings.remove('bundle.watch');
      store.outbox.append('bundle.rejected', { id, version, code: 'bundle-reverted', message, faults: [] });
      const ref = { id: previous.id, version: previous.version };
      store.outbox.append('bundle.activated', { ...ref, sha256: previous.sha256, reverted: true }, ref);
    });
    trust?.markBad(sha256);
    return bad;
  }

  const activate = async (bytes: Uint8Array, pointer: BundlePointer): Promise<ActivationResult> => {
    const { id, version } = pointer;
    const sha256 = Buffer.from(await digest(bytes)).toString('hex');
    if (active?.sha256 === sha256 && active.ref.version === version) return { ok: true, id, version };
    if (sha256 !== pointer.sha256)
      return refuse(id, version, 'bundle-untrusted', 'The bytes are not those that the pointer names.', []);
    if (trust?.isBad(sha256) === true || badFiles(store).includes(sha256))
      return refuse(id, version, 'bundle-reverted', 'The till went back from this file before.', []);
    const highest = Math.max(store.bundles.highest(id, isRevoked), trust?.highest(id) ?? 0);
    // The highest one itself is taken again where it was lost with a damaged database.
    if (active === null ? version < highest : version <= highest) {
      const message = `Version ${version} comes after ${highest}, which was trusted before; there is no way back.`;
      return refuse(id, version, 'bundle-untrusted', message, []);
    }
    if (!watch.mayTry(sha256))
      return refuse(id, version, 'bundle-unsupported', 'Making it ready ended the till three times.', []);
    try {
      const made = await between(engine.activate(bytes), pause);
      if (!made.ok) {
        const code = made.faults.every(fault => fault.message.includes('not evaluate'))
          ? 'bundle-unsupported'
          : 'bundle-invalid';
        return refuse(id, version, code, 'The bundle breaks the offer contract.', made.faults);
      }
      const { bundle } = made.compiled;
      if (bundle.id !== id || bundle.version !== version) {
        const found = `${bundle.id} ${bundle.version}`;
        return refuse(id, version, 'bundle-untrusted', `The pointer says ${id} ${version}, the bundle ${found}.`, []);
      }
      const differing = engine.golden === undefined ? [] : await between(engine.golden(made.compiled), pause);
      if (differing.length > 0) {
        const message = 'A golden basket is decided otherwise than the bundle expects.';
        return refuse(id, version, 'bundle-golden', message, differing);
      }
      const row: BundleRow = { id, version, sha256, bytes, pointer: keepable(pointer), activatedAt: store.instant() };
      return swap(row, made, () => store.bundles.swap(row));
    } catch (error) {
      options.onFault?.(error);
      return refuse(id, version, 'bundle-unsupported', `The bundle can't be used: ${messageOf(error)}`, []);
    } finally {
      watch.tried();
    }
  };

  return {
    active: () => active,
    current() {
      if (active === null) return null;
      const { ref, sha256, pointer } = active;
      return { ...ref, sha256, ...(pointer === null ? {} : { keyId: pointer.keyId }), ended: ended() };
    },
    highest: (id, revoked = isRevoked) => store.bundles.highest(id, revoked),
    file: sha256 => (active?.sha256 === sha256 ? (store.bundles.current()?.bytes ?? null) : null),
    renew(pointer) {
      const before = active?.pointer ?? null;
      if (active === null || (before !== null && !isRevoked(before.keyId) && !endsLater(pointer, before))) return false;
      store.transaction(() => store.bundles.renew(pointer));
      active = { ...active, pointer, notAfter: earlier(active.bundle.notAfter, pointer.notAfter) };
      limit();
      tell();
      return true;
    },
    ended,
    refusal: () => refused && { ...refused, message: refused.message ?? '', faults: refused.faults.length },
    refused: () => refused,
    activate(bytes, pointer) {
      const result = turn.then(() => activate(bytes, pointer));
      turn = result.catch(() => {});
      return result;
    },
    revert() {
      const previous = store.bundles.previous();
      if (previous === null)
        return { ok: false, code: 'bundle-none', message: 'There is no bundle before.', faults: [] };
      const made = finish(engine.activate(previous.bytes));
      const row = { ...previous, activatedAt: store.instant() };
      const next = activeOf(row, made);
      goBack();
      active = next;
      limit();
      tell();
      return { ok: true, id: row.id, version: row.version };
    },
    close() {
      cancelEnd();
      forget?.();
      watch.ended();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const digestAside = async (bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await subtle.digest('SHA-256', new Uint8Array(bytes)));

/** Steps with a pause after each, in which the till may sell. */
async function between<Result>(steps: Generator<undefined, Result>, pause: () => Promise<void>): Promise<Result> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await pause();
  }
}

/** @throws if the bytes are no bundle that this version evaluates */
function activeOf(row: BundleRow, made: Activated): Active {
  if (!made.ok) throw new Error(`the stored bundle ${row.id} ${row.version} is not valid any more`);
  const { bundle } = made.compiled;
  return {
    bundle,
    compiled: made.compiled,
    ref: { id: row.id, version: row.version },
    sha256: row.sha256,
    activatedAt: row.activatedAt,
    pointer: row.pointer,
    notAfter: row.pointer === null ? bundle.notAfter : earlier(bundle.notAfter, row.pointer.notAfter),
    offers: new Map(bundle.offers.map(offer => [offer.id, offer])),
    capped: bundle.offers.flatMap(offer => {
      // The evaluator counts a member's own coupons in history, and units of a global cap are leased.
      const caps = (offer.caps ?? []).filter(
        ({ scope }) => scope !== 'global' && !(scope === 'member' && offer.phase === 'issue'),
      );
      return caps.length === 0 ? [] : [{ offer, caps }];
    }),
    boughtWithinDays: made.compiled.keys.boughtWithinDays,
  };
}

/** What an offer gives in a variant. */
export function benefitOf(offer: Offer, variant: string | null): Benefit {
  const own = variant === null ? undefined : offer.experiment?.variants?.find(({ id }) => id === variant)?.benefit;
  return own ?? offer.benefit;
}

/** Terms of an offer's coupon in a variant; null for an offer without coupon. */
export function couponTerms(offer: Offer | undefined, variant: string | null): CouponTerms | null {
  if (offer === undefined) return null;
  const own = variant === null ? undefined : offer.experiment?.variants?.find(({ id }) => id === variant)?.coupon;
  return own ?? offer.coupon ?? null;
}

const earlier = (a: string, b: string): string => (Date.parse(b) < Date.parse(a) ? b : a);
const endsLater = (a: BundlePointer, b: BundlePointer): boolean => Date.parse(a.notAfter) > Date.parse(b.notAfter);

const mostBad = 50;

/** Files that the till went back from. */
const badFiles = (store: Store): readonly string[] =>
  JSON.parse(store.settings.get('bundle.bad') ?? '[]') as readonly string[];

function keepable(pointer: BundlePointer): BundlePointer | null {
  return pointer.signature === '' ? null : pointer;
}

function readRefused(store: Store): RefusedBundle | null {
  const json = store.settings.get('bundle.refused');
  return json === null ? null : (JSON.parse(json) as RefusedBundle);
}
