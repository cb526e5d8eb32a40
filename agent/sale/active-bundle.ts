/** The bundle that the till decides with: checked, compiled, swapped in one transaction; the old one stays if anything is wrong. */
import { subtle } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { type Fault, messageOf } from '../../errors.ts';
import type { BundlePointer } from '../../sync/protocol/types.ts';
import { type Activated, activating, type CompiledBundle, decide } from '../offers/index.ts';
import { finish } from '../offers/steps.ts';
import type { Benefit, Bundle, Cap, CouponTerms, Decision, Offer, Sale } from '../offers/types.ts';
import type { ActivationResult, BundlePort } from '../ports.ts';
import type { BundleRow, Store } from '../store/index.ts';

/** The evaluator, as the till uses it. */
export type OfferEngine = {
  readonly activate: (bytes: Uint8Array) => Generator<undefined, Activated>;
  readonly decide: (compiled: CompiledBundle, sale: Sale) => Decision;
};

export const offerEngine: OfferEngine = { activate: activating, decide };

export type Active = {
  readonly bundle: Bundle;
  readonly compiled: CompiledBundle;
  readonly ref: { readonly id: string; readonly version: number };
  readonly sha256: string;
  readonly activatedAt: string;
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
  readonly faults: readonly Fault[];
};

export interface ActiveBundle extends BundlePort {
  active(): Active | null;
  /** The last one refused, until a newer one is activated. */
  refused(): RefusedBundle | null;
  /** Goes back to the bundle before, after repeated crashes; the highest version trusted stays. */
  revert(): ActivationResult;
  onChange(listener: () => void): () => void;
}

export type ActiveBundleOptions = {
  readonly store: Store;
  readonly clock: Clock;
  readonly engine?: OfferEngine;
  /** Lets sales go on between two steps of making a bundle ready. Default: a turn of the event loop. */
  readonly pause?: () => Promise<void>;
  readonly onFault?: (error: unknown) => void;
};

/** Takes up the stored bundle at once, so that a till without network decides from its first second. */
export function createActiveBundle(options: ActiveBundleOptions): ActiveBundle {
  const { store } = options;
  const engine = options.engine ?? offerEngine;
  const pause = options.pause ?? (() => new Promise<void>(resolve => setImmediate(resolve)));
  const listeners = new Set<() => void>();
  /** One bundle is made ready at a time. */
  let turn: Promise<unknown> = Promise.resolve();
  let active: Active | null = null;
  let refused = readRefused(store);

  const stored = store.bundles.current();
  if (stored !== null) {
    try {
      active = activeOf(stored, finish(engine.activate(stored.bytes)));
    } catch (error) {
      options.onFault?.(error);
    }
  }

  const tell = () => {
    for (const listener of [...listeners]) listener();
  };

  const refuse = (id: string, version: number, code: string, message: string, faults: readonly Fault[]) => {
    refused = { id, version, code, faults };
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
      store.settings.remove('bundle.refused');
      store.outbox.append('bundle.activated', { id: row.id, version: row.version, sha256: row.sha256 }, next.ref);
    });
    active = next;
    refused = null;
    tell();
    return { ok: true, id: row.id, version: row.version };
  };

  const activate = async (bytes: Uint8Array, pointer: BundlePointer): Promise<ActivationResult> => {
    const { id, version } = pointer;
    const sha256 = Buffer.from(await subtle.digest('SHA-256', new Uint8Array(bytes))).toString('hex');
    if (active?.sha256 === sha256 && active.ref.version === version) return { ok: true, id, version };
    if (sha256 !== pointer.sha256)
      return refuse(id, version, 'bundle-untrusted', 'The bytes are not those that the pointer names.', []);
    const highest = store.bundles.highest(id);
    // The highest one itself is taken again where it was lost with a damaged database.
    if (active === null ? version < highest : version <= highest) {
      const message = `Version ${version} comes after ${highest}, which was trusted before; there is no way back.`;
      return refuse(id, version, 'bundle-untrusted', message, []);
    }
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
      const row: BundleRow = { id, version, sha256, bytes, pointer: keepable(pointer), activatedAt: store.instant() };
      return swap(row, made, () => store.bundles.swap(row));
    } catch (error) {
      options.onFault?.(error);
      return refuse(id, version, 'bundle-unsupported', `The bundle can't be used: ${messageOf(error)}`, []);
    }
  };

  return {
    active: () => active,
    current: () => (active === null ? null : { ...active.ref, sha256: active.sha256 }),
    highest: id => store.bundles.highest(id),
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
      const row = { ...previous, activatedAt: store.instant() };
      return swap(row, finish(engine.activate(row.bytes)), () => void store.bundles.revert());
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

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

function keepable(pointer: BundlePointer): BundlePointer | null {
  return pointer.signature === '' ? null : pointer;
}

function readRefused(store: Store): RefusedBundle | null {
  const json = store.settings.get('bundle.refused');
  return json === null ? null : (JSON.parse(json) as RefusedBundle);
}
