/** The global caps of what is published: of each bundle the newest version counts, wherever it has been rolled out to. */
import { endOfLocalDay, localDay, startOfCalendar } from '../../agent/offers/time.ts';
import type { Window } from '../../agent/offers/types.ts';
import { parseBundle } from '../../agent/offers/validate/bundle.ts';
import { zoneOf } from '../../agent/offers/zone.ts';
import type { Clock } from '../../clock.ts';
import type { Ledger, PublishedPointer } from './ledger.ts';

export interface GlobalCap {
  readonly offer: string;
  readonly name: string | null;
  readonly campaign: string | null;
  readonly limit: number;
  /** Null: for all time. */
  readonly window: Window | null;
  readonly timezone: string;
}

export interface LeaseCaps {
  all(): Promise<ReadonlyMap<string, GlobalCap>>;
  /** A bundle was published. */
  forget(): void;
}

/** When a lease may be used, and which other leases count towards the same limit. */
export interface LeaseTimes {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly reach: { readonly fromMs: number; readonly untilMs: number } | null;
}

const dayMs = 86_400_000;
/** Another HQ may have published meanwhile. */
const freshMs = 5000;
/** Sales may be dated so far back: a till's clock, a POS that was off line. */
const behindMs = dayMs;
const aheadMs = 2 * dayMs;

export function createLeaseCaps(ledger: Ledger, clock: Clock): LeaseCaps {
  const files = new Map<string, readonly GlobalCap[]>();
  let known: { readonly at: number; readonly caps: ReadonlyMap<string, GlobalCap> } | null = null;

  async function capsOf(sha256: string): Promise<readonly GlobalCap[]> {
    let caps = files.get(sha256);
    if (caps === undefined) {
      const file = await ledger.bundle(sha256);
      const parsed = file === null ? null : parseBundle(file.bytes);
      if (parsed === null || !parsed.ok) return [];
      const { timezone, offers } = parsed.bundle;
      caps = offers.flatMap(({ id, name, campaign, caps: own }) => {
        const cap = own?.find(({ scope }) => scope === 'global');
        if (cap === undefined) return [];
        const { limit, window = null } = cap;
        return [{ offer: id, name: name ?? null, campaign: campaign ?? null, limit, window, timezone }];
      });
      files.set(sha256, caps);
    }
    return caps;
  }

  return {
    async all() {
      if (known !== null && clock.monotonic() - known.at < freshMs) return known.caps;
      const newest = new Map<string, PublishedPointer['pointer']>();
      for (const { pointer, current } of await ledger.pointers())
        if (current && pointer.version > (newest.get(pointer.id)?.version ?? 0)) newest.set(pointer.id, pointer);
      const caps = new Map<string, GlobalCap>();
      for (const { sha256 } of newest.values())
        for (const cap of await capsOf(sha256)) {
          const other = caps.get(cap.offer);
          if (other === undefined || cap.limit < other.limit) caps.set(cap.offer, cap);
        }
      const current = new Set([...newest.values()].map(({ sha256 }) => sha256));
      for (const sha256 of files.keys()) if (!current.has(sha256)) files.delete(sha256);
      known = { at: clock.monotonic(), caps };
      return caps;
    },
    forget() {
      known = null;
    },
  };
}

/**
 * For sales dated `atMs`, granted now, for `leaseMs` at most. A unit is used by the date of its sale, so whatever the clocks
 * say: leases of two days never meet in one day's limit, and in any n × 24 hours only those that reach into them do.
 * @returns null where that date is too far from now
 */
export function leaseTimes(cap: GlobalCap, atMs: number, nowMs: number, leaseMs: number): LeaseTimes | null {
  const untilMs = whole(nowMs + leaseMs);
  const { window } = cap;
  if (window === null) return { fromMs: 0, untilMs, reach: null };
  if (atMs < nowMs - behindMs || atMs > nowMs + aheadMs) return null;
  if ('days' in window) {
    const fromMs = whole(nowMs - behindMs);
    const length = window.days * dayMs;
    return { fromMs, untilMs, reach: { fromMs: fromMs - length, untilMs: untilMs + length } };
  }
  const zone = zoneOf(cap.timezone);
  const first = startOfCalendar(localDay(atMs, zone), window.calendar);
  const next =
    window.calendar === 'day'
      ? first + 1
      : window.calendar === 'week'
        ? first + 7
        : startOfCalendar(first + 31, 'month');
  const fromMs = endOfLocalDay(first - 1, zone) + 1000;
  const end = endOfLocalDay(next - 1, zone) + 1000;
  return { fromMs, untilMs: Math.min(Math.max(untilMs, fromMs + 1000), end), reach: { fromMs, untilMs: end } };
}

const whole = (ms: number): number => Math.floor(ms / 1000) * 1000;
