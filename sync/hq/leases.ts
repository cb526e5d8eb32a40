/**
 * Answers tills that ask for units of global caps, and asks units back from tills that have more than others.
 *
 *   till ──ask──► caps of the bundles ──► one transaction: what is left? grant ──► signed command ──► till
 *                         nothing is left, a customer waits ──► "give back" to those who have most
 */
import { type Clock, instant } from '../../clock.ts';
import type { SyncLog } from '../link/link.ts';
import { type Lease, type LeaseAsk, type LeaseCommand, maxLeases } from '../protocol/lease.ts';
import { createLeaseCaps, leaseTimes } from './lease-caps.ts';
import type { WantedLease } from './lease-steps.ts';
import type { Ledger, TillName } from './ledger.ts';
import type { LeaseHoldersAnswer, LeaseOfferRow, LeasesAnswer } from './wire.ts';

export interface LeaseDeskOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: SyncLog;
  /** How long a till may use what it was granted, days. */
  readonly days: number;
  /** Signs and sends. */
  readonly command: (till: TillName, command: LeaseCommand) => void;
}

export interface LeaseDesk {
  answer(till: TillName, ask: LeaseAsk): Promise<void>;
  /** Asks every till that has unused units of this offer to give them back; how many were asked. */
  recall(offer: string): Promise<number>;
  offers(): Promise<LeasesAnswer>;
  holders(offer: string): Promise<LeaseHoldersAnswer>;
  /** A bundle was published. */
  forget(): void;
}

const dayMs = 86_400_000;
/** A till that was asked for units of an offer is not asked again so soon. */
const askAgainMs = 60_000;
/** Tills asked at once when one needs a unit and none is left. */
const mostAsked = 3;
const countTillsMs = 60_000;

export function createLeaseDesk({ ledger, clock, log, days, command }: LeaseDeskOptions): LeaseDesk {
  const caps = createLeaseCaps(ledger, clock);
  const asked = new Map<string, number>();
  let tills: { readonly at: number; readonly count: number } | null = null;

  async function tillCount(): Promise<number> {
    if (tills === null || clock.monotonic() - tills.at > countTillsMs)
      tills = { at: clock.monotonic(), count: await ledger.tillCount() };
    return tills.count;
  }

  /** Half of what the till has stays with it, or nothing where HQ's people ask. */
  function askBack(holder: LeaseHoldersAnswer['holders'][number], offer: string, keep: number): boolean {
    const key = `${holder.store}/${holder.till}/${offer}`;
    const now = clock.monotonic();
    for (const [name, at] of asked) if (now - at >= askAgainMs) asked.delete(name);
    if (asked.has(key)) return false;
    asked.set(key, now);
    command(holder, { kind: 'lease.return', epoch: holder.epoch, offer, keep });
    return true;
  }

  async function askAround(offer: string, except: TillName) {
    const holders = (await ledger.leaseHolders(offer)).filter(
      one => one.open && one.unused > 0 && (one.store !== except.store || one.till !== except.till),
    );
    for (const holder of holders.slice(0, mostAsked)) askBack(holder, offer, Math.floor(holder.unused / 2));
  }

  return {
    async answer(till, ask) {
      const known = await caps.all();
      const nowMs = clock.now();
      const share = 1 / (2 * Math.max(1, await tillCount()));
      const wants: WantedLease[] = [];
      const refused: { offer: string; reason: 'unknown' }[] = [];
      for (const { offer, units, at, now } of new Map(ask.wants.map(want => [want.offer, want])).values()) {
        const cap = known.get(offer);
        const times = cap === undefined ? null : leaseTimes(cap, Date.parse(at), nowMs, days * dayMs);
        if (cap === undefined || times === null) refused.push({ offer, reason: 'unknown' });
        else wants.push({ offer, units, now, share, limit: cap.limit, ...times });
      }
      const { epoch, after } = ask;
      const answer = await ledger.grantLeases({ ...till, epoch, after, wants }, instant(nowMs, 'UTC'));
      if (answer.refused.some(({ reason }) => reason === 'forgotten'))
        log.error({ ...till, epoch, after }, 'a till has forgotten leases that it had: its database was restored');
      command(till, {
        kind: 'lease',
        epoch,
        leases: answer.leases.map(leaseOf),
        refused: [...refused, ...answer.refused].slice(0, maxLeases),
      });
      for (const { offer, reason } of answer.refused)
        if (reason === 'exhausted' && wants.some(want => want.offer === offer && want.now))
          await askAround(offer, till);
    },

    async recall(offer) {
      const holders = (await ledger.leaseHolders(offer)).filter(one => one.open && one.unused > 0);
      return holders.filter(holder => askBack(holder, offer, 0)).length;
    },

    async offers() {
      const nowMs = clock.now();
      const known = await caps.all();
      const sums = new Map((await ledger.leaseSums(nowMs)).map(row => [row.offer, row]));
      const names = [...new Set([...known.keys(), ...sums.keys()])].sort();
      const offers: LeaseOfferRow[] = [];
      for (const offer of names) {
        const cap = known.get(offer) ?? null;
        const all = sums.get(offer) ?? { granted: 0, used: 0, returned: 0, overdue: 0, tills: 0 };
        const times = cap === null ? null : leaseTimes(cap, nowMs, nowMs, 0);
        const counted =
          times?.reach == null ? all.granted - all.returned : await ledger.leaseCounted(offer, times.reach);
        offers.push({
          offer,
          name: cap?.name ?? null,
          campaign: cap?.campaign ?? null,
          limit: cap?.limit ?? null,
          window: windowText(cap?.window ?? null),
          granted: all.granted,
          used: all.used,
          returned: all.returned,
          left: cap === null ? null : Math.max(0, cap.limit - counted),
          overdue: all.overdue,
          tills: all.tills,
        });
      }
      return { offers };
    },

    async holders(offer) {
      return { offer, holders: [...(await ledger.leaseHolders(offer))] };
    },

    forget: caps.forget,
  };
}

const leaseOf = ({
  number,
  offer,
  units,
  fromMs,
  untilMs,
}: Omit<Lease, 'validUntil'> & { fromMs: number; untilMs: number }) => ({
  number,
  offer,
  units,
  ...(fromMs === 0 ? {} : { validFrom: instant(fromMs, 'UTC') }),
  validUntil: instant(untilMs, 'UTC'),
});

const windowText = (window: { readonly days: number } | { readonly calendar: string } | null): string | null =>
  window === null ? null : 'days' in window ? `${window.days} days` : window.calendar;
