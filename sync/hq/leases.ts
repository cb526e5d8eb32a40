/**
 * Answers tills that ask for units of global caps, and asks units back from tills that have more than others.
 *
 *   till ──ask──► caps of the bundles ──► one transaction: what is left? grant ──► signed command ──► till
 *                         nothing is left, a customer waits ──► "give back" to those who have most
 */
import { type Cancel, type Clock, instant } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import { type LeaseAsk, type LeaseCommand, maxLeases } from '../protocol/lease.ts';
import { createLeaseCaps, leaseTimes } from './lease-caps.ts';
import type { GrantedLease, LeaseJournal } from './lease-journal.ts';
import {
  holdOf,
  holdSteps,
  journalSteps,
  type LeaseHold,
  regrantSteps,
  resumeSteps,
  silentSteps,
} from './lease-recovery.ts';
import { grantSteps, type WantedLease } from './lease-steps.ts';
import type { Ledger, TillName } from './ledger.ts';
import type { LeaseHoldersAnswer, LeaseHoldView, LeaseOfferRow, LeasesAnswer } from './wire.ts';

export interface LeaseDeskOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: SyncLog;
  /** How long a till may use what it was granted, days. */
  readonly days: number;
  /** Signs and sends. */
  readonly command: (till: TillName, command: LeaseCommand) => void;
  /** What was granted, beside the database. */
  readonly journal: LeaseJournal;
  /** Which of several HQs this is; absent: there is one. */
  readonly machine?: number;
}

export interface LeaseDesk {
  /** Once the ledger is open, and before any till is answered: what the database has forgotten is written back. */
  open(): Promise<void>;
  stop(): Promise<void>;
  /** Why nothing is granted; null: HQ grants. */
  held(): Promise<LeaseHoldView | null>;
  /** By hand, before all tills have told. Answers whether granting was held. */
  resume(): Promise<boolean>;
  answer(till: TillName, ask: LeaseAsk): Promise<void>;
  /** Asks every till that has unused units of this offer to give them back; how many were asked. */
  recall(offer: string): Promise<number>;
  offers(): Promise<LeasesAnswer>;
  holders(offer: string): Promise<LeaseHoldersAnswer>;
  /** A bundle was published. */
  forget(): void;
}

const dayMs = 86_400_000;
const journalLost = "HQ's journal of leases is gone, and with it what the database may have forgotten";
/** A till that was asked for units of an offer is not asked again so soon. */
const askAgainMs = 60_000;
/** Tills asked at once when one needs a unit and none is left. */
const mostAsked = 3;
const countTillsMs = 60_000;
/** Lines that one transaction writes back. */
const regrantedAtOnce = 100;
const lookMs = 3_600_000;
/** A till's clock may be behind, and leases for a later day may end a day later than others. */
const marginMs = 2 * dayMs;

export function createLeaseDesk(options: LeaseDeskOptions): LeaseDesk {
  const { ledger, clock, log, days, command, journal, machine = 1 } = options;
  const caps = createLeaseCaps(ledger, clock);
  /** How far each till has its leases by the journal. */
  const journalled = new Map<string, number>();
  let cancel: Cancel = () => {};
  let looking: Promise<void> = Promise.resolve();
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

  async function regrant(lines: ReturnType<LeaseJournal['all']>): Promise<number> {
    let lacking = 0;
    for (let at = 0; at < lines.length; at += regrantedAtOnce) {
      const some = lines.slice(at, at + regrantedAtOnce);
      lacking += await ledger.leaseSteps(() => regrantSteps(some, instant(clock.now(), 'UTC')));
    }
    return lacking;
  }

  /** Every lease that HQ may have forgotten has ended by then, by any till's clock. */
  const endOf = ({ sinceMs }: LeaseHold) => sinceMs + days * dayMs + marginMs;
  const silentSince = (ms: number) => ledger.leaseSteps(() => silentSteps(instant(ms, 'UTC')));

  async function held(): Promise<LeaseHoldView | null> {
    const hold = await ledger.leaseSteps(holdOf);
    if (hold === null) return null;
    const { sinceMs, reason } = hold;
    return { since: instant(sinceMs, 'UTC'), reason, waitingFor: await silentSince(endOf(hold)) };
  }

  /** Where each till has told something later, and with it how its leases ended. */
  async function endHold() {
    const hold = await ledger.leaseSteps(holdOf);
    if (hold === null || clock.now() < endOf(hold) || (await silentSince(endOf(hold))) > 0) return;
    await ledger.leaseSteps(() => resumeSteps(clock.now()));
    log.warn({ reason: hold.reason }, 'all tills have told of their leases; HQ grants again');
  }

  function lookAgain() {
    cancel = clock.after(lookMs, () => {
      looking = endHold()
        .catch(error => log.error({ error: messageOf(error) }, 'whether leases are to be granted again is not known'))
        .finally(lookAgain);
    });
  }

  /** On disk before it is told. */
  async function write(till: TillName, { epoch, after }: LeaseAsk, leases: readonly GrantedLease[]) {
    const name = `${till.store}/${till.till}/${epoch}`;
    if (leases.length === 0 && (journalled.get(name) ?? -1) >= after) return;
    await journal.write({ ...till, epoch, after, leases });
    journalled.set(name, after);
  }

  return {
    async open() {
      const kept = await ledger.leaseSteps(() => journalSteps(machine));
      let lacking = await regrant(journal.newest());
      if (lacking > 0) lacking += await regrant(journal.all());
      if (lacking > 0)
        log.warn(
          { lacking },
          "HQ's database was put back from a backup; what it had forgotten of leases is in it again",
        );
      if (kept && journal.isNew && (await ledger.leaseSteps(() => holdSteps(clock.now(), journalLost))))
        log.error({}, 'the journal of leases is gone; HQ grants none until the tills have told (docs/sync.md)');
      lookAgain();
    },

    async stop() {
      cancel();
      await looking;
      cancel();
    },

    held,

    async resume() {
      const was = await ledger.leaseSteps(() => resumeSteps(clock.now()));
      if (was) log.warn({}, 'leases are granted again, by hand');
      return was;
    },

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
      const request = { ...till, epoch, after, wants };
      const answer = await ledger.leaseSteps(() => grantSteps(request, instant(nowMs, 'UTC')));
      await write(till, ask, answer.leases);
      if (answer.refused.some(({ reason }) => reason === 'forgotten'))
        log.warn(
          { ...till, epoch, after },
          'a till asks as if it had forgotten leases: an old question came again, or its database was put back from a copy',
        );
      command(till, {
        kind: 'lease',
        epoch,
        leases: answer.leases.map(leaseOf),
        refused: [...refused, ...answer.refused].slice(0, maxLeases),
        ...(answer.had === undefined ? {} : { had: answer.had }),
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
      return { held: await held(), offers };
    },

    async holders(offer) {
      return { offer, holders: [...(await ledger.leaseHolders(offer))] };
    },

    forget: caps.forget,
  };
}

const leaseOf = ({ number, offer, units, fromMs, untilMs }: GrantedLease) => ({
  number,
  offer,
  units,
  ...(fromMs === 0 ? {} : { validFrom: instant(fromMs, 'UTC') }),
  validUntil: instant(untilMs, 'UTC'),
});

const windowText = (window: { readonly days: number } | { readonly calendar: string } | null): string | null =>
  window === null ? null : 'days' in window ? `${window.days} days` : window.calendar;
