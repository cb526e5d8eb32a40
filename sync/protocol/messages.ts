/** The small JSON messages between till and HQ: ack, state (birth and Will), what a till asks for. */
import {
  documentId,
  isCount,
  isInstant,
  isMatch,
  isRecord,
  isText,
  type Json,
  parseObject,
  sha256Hex,
  topicId,
} from './fields.ts';
import { type KeySet, readKeySet } from './keyring.ts';
import { type LeaseAsk, readLeaseAsk } from './lease.ts';
import { type MembersAsk, readMembersAsk } from './members-messages.ts';
import { type RenewAsk, readRenewAsk } from './renewal.ts';
import { accept, type Result, refuse } from './result.ts';
import type { Ack } from './types.ts';

export const maxMessageBytes = 64 * 1024;
/** An acknowledgement names at most this many missing numbers; the next one names more. */
export const maxMissing = 500;

export const encodeMessage = (message: object): Uint8Array => Buffer.from(JSON.stringify(message));

export function decodeAck(payload: Uint8Array): Result<Ack> {
  const parsed = parseObject(payload, maxMessageBytes);
  if (!parsed.ok) return parsed;
  const { epoch, contiguous, missing } = parsed.value;
  if (!isCount(epoch) || !isCount(contiguous)) return refuse('epoch or contiguous is no number');
  if (!Array.isArray(missing) || missing.length > maxMissing || !missing.every(seq => isCount(seq) && seq > contiguous))
    return refuse('missing is no list of numbers above contiguous');
  return accept({ epoch, contiguous, missing });
}

/** What a till says of one of its days: its own count, to be held against HQ's. */
export interface DayTotals {
  /** Local date of the till. */
  readonly day: string;
  /** Sales completed that day, those voided later included. */
  readonly sales: number;
  /** Completed sales of that day that were voided. */
  readonly voided: number;
  /** Minor units: net of the completed sales less those voided. */
  readonly net: number;
}

/** A bundle that a till refused; `code` is one of docs/errors.md. */
export interface BundleRefusal {
  readonly id: string;
  readonly version: number;
  readonly code: string;
  readonly message: string;
  readonly faults: number;
}

/** Retained on the `state` topic; the Will is the short form with `online: false`. */
export interface StateMessage {
  readonly online: boolean;
  readonly boot: number;
  /** Counts the connections of this boot: a late Will of an older one is known by it. */
  readonly session: number;
  readonly epoch: number;
  readonly at: string;
  readonly ring?: string;
  readonly agent?: string;
  readonly bundle?: {
    readonly id: string;
    readonly version: number;
    /** Why it issues no coupons any more: past its end, or its key was revoked. */
    readonly ended?: 'expired' | 'revoked';
  } | null;
  /** The newest bundle that the till was pointed to and trusts. */
  readonly told?: { readonly id: string; readonly version: number } | null;
  /** What it trusts, and what was shown to it that is not to be trusted. */
  readonly trust?: {
    readonly revocations: number;
    readonly untrusted: number;
    readonly last: { readonly what: string; readonly reason: string; readonly at: string } | null;
  };
  readonly bundleRefused?: BundleRefusal | null;
  readonly printer?: { readonly problem: string | null; readonly evidence: string | null } | null;
  readonly scanner?: { readonly problem: string | null } | null;
  readonly outbox?: { readonly waiting: number; readonly oldestAt: string | null; readonly acknowledged: number };
  /** The members' version that is here; null: none. */
  readonly members?: { readonly version: number; readonly count: number } | null;
  /** Totals of the last days, counting every event up to `upTo`. */
  readonly totals?: { readonly upTo: number; readonly days: readonly DayTotals[] };
}

/** Below 0 where `a` is of an older connection than `b`, by epoch, boot and session. */
export function compareSessions(a: SessionName, b: SessionName): number {
  return a.epoch - b.epoch || a.boot - b.boot || a.session - b.session;
}

export type SessionName = Pick<StateMessage, 'epoch' | 'boot' | 'session'>;

export function decodeState(payload: Uint8Array): Result<StateMessage> {
  const parsed = parseObject(payload, maxMessageBytes);
  if (!parsed.ok) return parsed;
  const { online, boot, session, epoch, at } = parsed.value;
  if (typeof online !== 'boolean') return refuse('online is neither true nor false');
  if (!isCount(boot) || !isCount(session) || !isCount(epoch)) return refuse('boot, session or epoch is no number');
  if (!isInstant(at)) return refuse('at is no RFC 3339 instant');
  const message: Writable<StateMessage> = { online, boot, session, epoch, at };
  const { ring, agent, bundle, told, trust, bundleRefused, printer, scanner, outbox, totals, members } = parsed.value;
  if (isMatch(ring, topicId)) message.ring = ring;
  if (isText(agent, 64)) message.agent = agent;
  if (bundle === null) message.bundle = null;
  else if (isBundleName(bundle)) {
    const { id, version, ended } = bundle;
    message.bundle = ended === 'expired' || ended === 'revoked' ? { id, version, ended } : { id, version };
  }
  if (isBundleName(told)) message.told = { id: told.id, version: told.version };
  if (isRecord(trust) && isCount(trust.revocations) && isCount(trust.untrusted))
    message.trust = { revocations: trust.revocations, untrusted: trust.untrusted, last: alarmOf(trust.last) };
  if (bundleRefused === null) message.bundleRefused = null;
  else if (isRecord(bundleRefused) && isBundleName(bundleRefused))
    message.bundleRefused = {
      id: bundleRefused.id,
      version: bundleRefused.version,
      code: textOr(bundleRefused.code, ''),
      message: textOr(bundleRefused.message, ''),
      faults: isCount(bundleRefused.faults) ? bundleRefused.faults : 0,
    };
  if (isRecord(printer))
    message.printer = { problem: textOr(printer.problem, null), evidence: textOr(printer.evidence, null) };
  if (isRecord(scanner)) message.scanner = { problem: textOr(scanner.problem, null) };
  if (isRecord(outbox) && isCount(outbox.waiting) && isCount(outbox.acknowledged))
    message.outbox = {
      waiting: outbox.waiting,
      acknowledged: outbox.acknowledged,
      oldestAt: isInstant(outbox.oldestAt) ? outbox.oldestAt : null,
    };
  if (members === null) message.members = null;
  else if (isRecord(members) && isCount(members.version) && isCount(members.count))
    message.members = { version: members.version, count: members.count };
  if (isRecord(totals) && isCount(totals.upTo) && Array.isArray(totals.days) && totals.days.length <= 62)
    message.totals = { upTo: totals.upTo, days: totals.days.filter(isDayTotals) };
  return accept(message);
}

export interface HqStateMessage {
  readonly online: boolean;
  readonly boot: number;
  /** Counts HQ's connections of this boot. */
  readonly session: number;
  readonly at: string;
  /** What roots signed: in the Will too, so that a revoked key is known while HQ is away. */
  readonly keys?: KeySet;
}

export function decodeHqState(payload: Uint8Array): Result<HqStateMessage> {
  const parsed = parseObject(payload, maxMessageBytes);
  if (!parsed.ok) return parsed;
  const { online, boot, session, at, keys } = parsed.value;
  if (typeof online !== 'boolean' || !isCount(boot) || !isCount(session) || !isInstant(at))
    return refuse('is no {online, boot, session, at}');
  if (keys === undefined) return accept({ online, boot, session, at });
  const set = readKeySet(keys);
  return set.ok ? accept({ online, boot, session, at, keys: set.value }) : set;
}

/** What a till asks HQ for. */
export type AskMessage =
  /** The pointers of its store and ring; answered on `down`. */
  | { readonly kind: 'pointers'; readonly ring: string }
  /** Blocks of the file with this SHA-256; answered on the store's `blocks`. */
  | { readonly kind: 'blocks'; readonly sha256: string; readonly indexes: readonly number[] }
  /** The files of members that there are, or one member; answered by a signed command on `down`. */
  | MembersAsk
  /** Units of global caps; answered by a signed command on `down`. */
  | LeaseAsk
  /** The next certificate; answered on `down`. */
  | RenewAsk;

/** One question names at most this many blocks: 8 MiB. */
export const maxAskedBlocks = 64;

export function decodeAsk(payload: Uint8Array): Result<AskMessage> {
  const parsed = parseObject(payload, maxMessageBytes);
  if (!parsed.ok) return parsed;
  const { kind, ring, sha256, indexes } = parsed.value;
  if (kind === 'pointers') return isMatch(ring, topicId) ? accept({ kind, ring }) : refuse('ring is no id');
  if (kind === 'blocks') {
    if (!isMatch(sha256, sha256Hex)) return refuse('sha256 is no SHA-256');
    if (!Array.isArray(indexes) || indexes.length > maxAskedBlocks || !indexes.every(isCount))
      return refuse(`indexes is no list of at most ${maxAskedBlocks} numbers`);
    return accept({ kind, sha256, indexes });
  }
  if (kind === 'members' || kind === 'member') return readMembersAsk(parsed.value);
  if (kind === 'lease') return readLeaseAsk(parsed.value);
  if (kind === 'renew') return readRenewAsk(parsed.value);
  return refuse('kind is not known here');
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

const isBundleName = (value: unknown): value is { readonly id: string; readonly version: number } & Json =>
  isRecord(value) && isMatch(value.id, documentId) && isCount(value.version);

const alarmOf = (value: unknown) =>
  isRecord(value) && isText(value.what, 64) && isText(value.reason, 500) && isInstant(value.at)
    ? { what: value.what, reason: value.reason, at: value.at }
    : null;

const isDayTotals = (value: unknown): value is DayTotals =>
  isRecord(value) &&
  isMatch(value.day, /^\d{4}-\d{2}-\d{2}$/) &&
  isCount(value.sales) &&
  isCount(value.voided) &&
  Number.isSafeInteger(value.net);

const textOr = <T>(value: unknown, otherwise: T): string | T => (isText(value, 500) ? value : otherwise);
