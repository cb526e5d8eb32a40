/**
 * Leases: how many units of a global cap a till may use up without asking (contract sync.md, section 4; offers.md, section 8).
 * HQ counts a till's leases of an epoch from 1 without gaps; a till says up to which number it has them, so that a grant that
 * was lost on its way is sent again and none is ever given twice.
 */
import { documentId, isCount, isInstant, isMatch, isRecord, type Json } from './fields.ts';
import { accept, type Result, refuse } from './result.ts';

export interface Lease {
  /** Of this till and epoch, from 1. */
  readonly number: number;
  readonly offer: string;
  readonly units: number;
  /** Sales dated before it may not use it; absent: any may. */
  readonly validFrom?: string;
  /** Sales dated at it or later may not use it. */
  readonly validUntil: string;
}

export interface LeaseWant {
  readonly offer: string;
  readonly units: number;
  /** Date of the sales that it is for: a cap of a day or week is granted for that day or week. */
  readonly at: string;
  /** A customer stands there; false: only so that the till has some. */
  readonly now: boolean;
}

export interface LeaseAsk {
  readonly kind: 'lease';
  readonly epoch: number;
  /** The till has every lease up to this number. */
  readonly after: number;
  readonly wants: readonly LeaseWant[];
}

/** Why there is none: all units are given out, HQ's bundles have no such cap, or the till has forgotten what it was given. */
export type LeaseRefusal = 'exhausted' | 'unknown' | 'forgotten';

export type LeaseCommand =
  | {
      readonly kind: 'lease';
      readonly epoch: number;
      readonly leases: readonly Lease[];
      readonly refused: readonly { readonly offer: string; readonly reason: LeaseRefusal }[];
      /**
       * With `forgotten`: the till has said that it has every lease up to this number. One that has them was only heard late; absent: its
       * whole epoch is over.
       */
      readonly had?: number;
    }
  /** Give back what is not used of this offer, but for `keep` units: others need them. */
  | { readonly kind: 'lease.return'; readonly epoch: number; readonly offer: string; readonly keep: number };

/** Body of `lease.used`: how much of a lease is used and returned so far, not how much more than before. */
export interface LeaseUsedBody {
  /** Epoch in which it was granted. */
  readonly epoch: number;
  readonly lease: number;
  readonly offer: string;
  readonly units: number;
  readonly used: number;
  readonly returned: number;
  /** False: whatever is not used is returned, and nothing of it will ever be used. */
  readonly open: boolean;
  /** Latest date of a sale that used a unit of it. */
  readonly lastAt: string | null;
  /** As it was granted, for an HQ that has forgotten it; tills of before do not tell. */
  readonly validFrom?: string;
  readonly validUntil?: string;
}

/** One question asks for at most so many offers, one answer brings at most so many leases. */
export const maxLeases = 64;
export const maxLeaseUnits = 1_000_000;

const refusals: readonly unknown[] = ['exhausted', 'unknown', 'forgotten'] satisfies LeaseRefusal[];
const isUnits = (value: unknown): value is number => isCount(value) && value <= maxLeaseUnits;

export function readLeaseAsk({ epoch, after, wants }: Json): Result<LeaseAsk> {
  if (!isCount(epoch) || !isCount(after)) return refuse('epoch or after is no number');
  if (!Array.isArray(wants) || wants.length > maxLeases) return refuse(`wants is no list of at most ${maxLeases}`);
  const read: LeaseWant[] = [];
  for (const want of wants) {
    if (!isRecord(want)) return refuse('a want is no object');
    const { offer, units, at, now } = want;
    if (!isMatch(offer, documentId) || !isUnits(units) || units === 0 || !isInstant(at) || typeof now !== 'boolean')
      return refuse('a want is no {offer, units, at, now}');
    read.push({ offer, units, at, now });
  }
  return accept({ kind: 'lease', epoch, after, wants: read });
}

export function readLeaseCommand({ epoch, leases, refused, had }: Json): Result<LeaseCommand> {
  if (!isCount(epoch)) return refuse('epoch is no number');
  if (had !== undefined && !isCount(had)) return refuse('had is no number');
  if (!Array.isArray(leases) || leases.length > maxLeases) return refuse(`leases is no list of at most ${maxLeases}`);
  if (!Array.isArray(refused) || refused.length > maxLeases)
    return refuse(`refused is no list of at most ${maxLeases}`);
  const read: Lease[] = [];
  for (const lease of leases) {
    if (!isRecord(lease)) return refuse('a lease is no object');
    const { number, offer, units, validFrom, validUntil } = lease;
    if (!isCount(number) || number === 0 || !isMatch(offer, documentId) || !isUnits(units) || !isInstant(validUntil))
      return refuse('a lease is no {number, offer, units, validUntil}');
    if (validFrom !== undefined && !isInstant(validFrom)) return refuse('validFrom is no instant');
    read.push({ number, offer, units, ...(validFrom === undefined ? {} : { validFrom }), validUntil });
  }
  const denied: { offer: string; reason: LeaseRefusal }[] = [];
  for (const one of refused) {
    if (!isRecord(one) || !isMatch(one.offer, documentId) || !refusals.includes(one.reason))
      return refuse('refused holds something else than {offer, reason}');
    denied.push({ offer: one.offer, reason: one.reason as LeaseRefusal });
  }
  return accept({ kind: 'lease', epoch, leases: read, refused: denied, ...(had === undefined ? {} : { had }) });
}

export function readLeaseReturn({ epoch, offer, keep }: Json): Result<LeaseCommand> {
  if (!isCount(epoch) || !isMatch(offer, documentId) || !isCount(keep)) return refuse('is no {epoch, offer, keep}');
  return accept({ kind: 'lease.return', epoch, offer, keep });
}
