/**
 * Leases of the till: how many units of a global cap each open sale may count on, when to ask HQ for more and for how many, and
 * when to give back what is not needed any more (contract offers.md, section 8).
 *
 *   HQ ── grant ──► units ──► reserved for an open sale ──► used in its transaction ──(void, not printed)──► units
 *    ▲                └── validity over, offer gone, HQ asks: given back by the event `lease.used` ──┐
 *    └──────────────────────────────────────────────────────────────────────────────────────────────┘
 */
import { type Cancel, type Clock, instant } from '../../clock.ts';
import type { LeaseCommand, LeaseWant } from '../../sync/protocol/lease.ts';
import { maxLeases } from '../../sync/protocol/lease.ts';
import type { LeasePort } from '../ports.ts';
import type { LeaseRow, Store, UnitRow } from '../store/index.ts';
import { isLive, tellLease, unspent } from './lease-units.ts';

/** An offer with a global cap, as the active bundle has it. */
export type LeasedOffer = {
  readonly offer: string;
  /** What uses a unit up: a coupon issued, or an application. */
  readonly counts: UnitRow['kind'];
  /** First and last moment at which it may need one, milliseconds since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
};

export interface Leases {
  readonly port: LeasePort;
  /** Units by offer that this sale may use, what other open sales count on not among them. */
  available(saleId: string, atMs: number): ReadonlyMap<string, number>;
  /** What the sale, as it was just decided, will use. */
  reserve(saleId: string, units: ReadonlyMap<string, number>): void;
  /** The sale is completed or voided. */
  release(saleId: string): void;
  /** True: asking HQ for a unit of this offer now makes sense. */
  mayAsk(offer: string): boolean;
  /** A customer could have this if the till had a unit. */
  want(offer: string): void;
  /** Closes leases whose time is over or whose offer is gone. */
  tend(): void;
  start(): void;
  stop(): void;
}

export type LeaseOptions = {
  readonly store: Store;
  readonly clock: Clock;
  /** Offers with a global cap; null: there is no bundle. */
  readonly offers: () => readonly LeasedOffer[] | null;
  readonly onFault?: (error: unknown) => void;
};

/** A sale that nobody touched for so long counts on nothing. */
const abandonedMs = 30 * 60_000;
const dayMs = 86_400_000;
/** Leases are renewed so long before they end, so that a till that starts off line in the morning has some. */
const aheadMs = dayMs / 2;
const tendMs = 10 * 60_000;
/** HQ said that there is none: asked again after so long for a customer, and for the till's own stock. */
const againNowMs = 60_000;
const againAheadMs = 15 * 60_000;
const mostUnits = 1000;

export function createLeases({ store, clock, offers, onFault }: LeaseOptions): Leases {
  const reserved = new Map<string, { readonly at: number; readonly units: ReadonlyMap<string, number> }>();
  const listeners = new Set<() => void>();
  /** Offers that a customer could have had, until a unit has come. */
  const wanted = new Set<string>();
  /** Offers of which HQ had none, with when to ask again (monotonic). */
  const refused = new Map<string, { readonly now: number; readonly ahead: number }>();
  /** Offers that the last question named for somebody who stands there; the others were for the till's own stock. */
  let askedNow: ReadonlySet<string> = new Set();
  let cancel: Cancel = () => {};
  let running = false;

  const unitsOf = (leases: readonly LeaseRow[]) => leases.reduce((sum, lease) => sum + unspent(lease), 0);

  const countedOn = (offer: string, except: string | null) => {
    let sum = 0;
    for (const [saleId, { at, units }] of reserved) {
      if (clock.monotonic() - at > abandonedMs) reserved.delete(saleId);
      else if (saleId !== except) sum += units.get(offer) ?? 0;
    }
    return sum;
  };

  /**
   * The want for sales of this date, if the till is low. It wants to have at hand twice what it used in a day, and one for
   * whoever stands there.
   */
  function wantAt(offer: LeasedOffer, leases: readonly LeaseRow[], spent: number, atMs: number): LeaseWant | null {
    if (atMs < offer.fromMs || atMs > offer.toMs) return null;
    const isWanted = wanted.has(offer.offer);
    const wish = Math.min(mostUnits, Math.max(1, 2 * spent) + (isWanted ? 1 : 0));
    const have = unitsOf(leases.filter(lease => isLive(lease, atMs, atMs))) - countedOn(offer.offer, null);
    if (have >= (isWanted ? wish : Math.ceil(wish / 2))) return null;
    const until = refused.get(offer.offer);
    if (until !== undefined && clock.monotonic() < (isWanted ? until.now : until.ahead)) return null;
    return { offer: offer.offer, units: wish - have, at: instant(atMs, 'UTC'), now: isWanted };
  }

  function wants() {
    const nowMs = clock.now();
    const list: LeaseWant[] = [];
    const spent = store.leases.spentSince(nowMs - dayMs);
    const leases = Map.groupBy(store.leases.open(), lease => lease.offer);
    for (const offer of offers() ?? []) {
      const held = leases.get(offer.offer) ?? [];
      const used = spent.get(offer.offer) ?? 0;
      const want = wantAt(offer, held, used, nowMs) ?? wantAt(offer, held, used, nowMs + aheadMs);
      if (want !== null) list.push(want);
    }
    if (list.length === 0) return null;
    // Whoever stands there goes first.
    list.sort((a, b) => Number(b.now) - Number(a.now));
    const asked = list.slice(0, maxLeases);
    askedNow = new Set(asked.filter(({ now }) => now).map(({ offer }) => offer));
    return { kind: 'lease', epoch: store.epoch, after: store.leases.last(), wants: asked } as const;
  }

  function take(command: LeaseCommand) {
    if (command.epoch !== store.epoch) return;
    if (command.kind === 'lease.return') return giveBack(command.offer, command.keep);
    for (const { offer, reason } of command.refused) {
      const now = clock.monotonic();
      // HQ lays up no stock from its last units, but it keeps one for whoever stands there.
      const isForStock = reason === 'exhausted' && !askedNow.has(offer);
      refused.set(offer, {
        now: isForStock ? (refused.get(offer)?.now ?? now) : now + (reason === 'exhausted' ? againNowMs : againAheadMs),
        ahead: now + againAheadMs,
      });
    }
    // It had more than it remembers: its database was restored unnoticed, and what it believes to have may be used. Where it remembers
    // all of it, HQ has only heard an old question once more.
    const isForgotten = command.had === undefined || store.leases.last() < command.had;
    if (isForgotten && command.refused.some(({ reason }) => reason === 'forgotten'))
      store.transaction(() => store.leases.forget());
    store.transaction(() => {
      for (const lease of command.leases) {
        const { number, offer, units } = lease;
        const fromMs = lease.validFrom === undefined ? 0 : Date.parse(lease.validFrom);
        if (!store.leases.add({ number, offer, units, fromMs, untilMs: Date.parse(lease.validUntil) })) continue;
        wanted.delete(offer);
        refused.delete(offer);
      }
    });
  }

  /** What nobody counts on and HQ does not leave here; from the lease that ends last. */
  function giveBack(offer: string, keep: number) {
    store.transaction(() => {
      const leases = store.leases.open().filter(lease => lease.offer === offer);
      let more = unitsOf(leases) - countedOn(offer, null) - keep;
      for (const lease of leases.reverse()) {
        const units = Math.min(more, unspent(lease));
        if (units <= 0) continue;
        store.leases.giveBack(lease.number, units);
        tellLease(store, lease.number);
        more -= units;
      }
    });
  }

  function tend() {
    const known = offers();
    const nowMs = clock.now();
    const needed = known === null ? null : new Set(known.filter(one => nowMs <= one.toMs).map(one => one.offer));
    const over = store.leases
      .open()
      .filter(lease => nowMs >= lease.untilMs || (needed !== null && !needed.has(lease.offer)));
    if (over.length === 0) return;
    store.transaction(() => {
      for (const { number } of over) {
        store.leases.close(number);
        tellLease(store, number);
      }
    });
  }

  function tendAgain() {
    if (!running) return;
    try {
      tend();
    } catch (error) {
      onFault?.(error);
    }
    cancel = clock.after(tendMs, tendAgain);
  }

  return {
    port: {
      wants() {
        tend();
        return wants();
      },
      take,
      onWant(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    available(saleId, atMs) {
      const nowMs = clock.now();
      const units = new Map<string, number>();
      for (const lease of store.leases.open())
        if (isLive(lease, atMs, nowMs)) units.set(lease.offer, (units.get(lease.offer) ?? 0) + unspent(lease));
      for (const [offer, held] of units) units.set(offer, Math.max(0, held - countedOn(offer, saleId)));
      return units;
    },
    reserve(saleId, units) {
      if (units.size === 0) reserved.delete(saleId);
      else reserved.set(saleId, { at: clock.monotonic(), units });
    },
    release: saleId => void reserved.delete(saleId),
    mayAsk(offer) {
      const until = refused.get(offer);
      return !wanted.has(offer) && (until === undefined || clock.monotonic() >= until.now);
    },
    want(offer) {
      wanted.add(offer);
      for (const listener of [...listeners]) listener();
    },
    tend,
    start() {
      running = true;
      tendAgain();
    },
    stop() {
      running = false;
      cancel();
    },
  };
}
