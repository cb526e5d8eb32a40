/** The narrow ports between a till's parts: what the uplink sees of the store, and what the sale sees of the other tills. */

import type { Fault } from '../errors.ts';
import type { LeaseAsk, LeaseCommand } from '../sync/protocol/lease.ts';
import type { MemberFacts } from '../sync/protocol/members-facts.ts';
import type { MembersCommand } from '../sync/protocol/members-messages.ts';
import type { BundleRefusal } from '../sync/protocol/messages.ts';
import type { BundlePointer, PeerMessage, TillAddress, TillEvent } from '../sync/protocol/types.ts';

/** Facts that wait for HQ. Implemented by agent/store, used by sync/edge. */
export interface OutboxPort {
  readonly address: TillAddress;
  readonly epoch: number;
  /** Grows at every start of the process. */
  readonly boot: number;
  /** Events with seq > `after`, in order, at most `limit`; acknowledged ones too, while kept. */
  read(after: number, limit: number): readonly TillEvent[];
  /** Highest seq that HQ has committed with all before it. */
  acknowledged(): number;
  /** HQ has committed everything up to `contiguous`. Ignored if it is of another epoch or does not move ahead. */
  acknowledge(epoch: number, contiguous: number): void;
  /** Like `acknowledged`, for what was told to the store's other tills. */
  told(): number;
  tellUpTo(seq: number): void;
  depth(): { readonly waiting: number; readonly oldestAt: string | null };
  /** Called after a transaction that appended events has committed. */
  onAppend(listener: () => void): () => void;
}

export type ActivationResult =
  | { readonly ok: true; readonly id: string; readonly version: number }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly faults: readonly Fault[] };

/** The bundle that the till decides with. Implemented by the agent, used by sync/edge. */
export interface BundlePort {
  current(): CurrentBundle | null;
  /**
   * Highest version ever trusted for this bundle id; no lower one is accepted.
   * @param isRevoked versions signed by such a key do not count
   */
  highest(id: string, isRevoked?: (keyId: string) => boolean): number;
  /** Checks, compiles and swaps in one transaction; if anything is wrong the old bundle stays and nothing changes. */
  activate(bytes: Uint8Array, pointer: BundlePointer): Promise<ActivationResult>;
  /** The active one was signed anew, for longer or by another key. Answers whether that changed anything. */
  renew?(pointer: BundlePointer): boolean;
  /** Bytes of the active bundle if it is this file: what a delta starts from. */
  file?(sha256: string): Uint8Array | null;
  /** The last one refused, kept over restarts; null where none was, or a newer one is active. */
  refusal?(): BundleRefusal | null;
}

/** What the till trusts besides its database, kept on disk by sync/edge. */
export interface TrustPort {
  isRevoked(keyId: string): boolean;
  /** Highest version trusted of this bundle id. */
  highest(id: string): number;
  raise(id: string, version: number, keyId: string): void;
  isBad(sha256: string): boolean;
  markBad(sha256: string): void;
  /** Keys were certified or revoked. */
  onKeys(listener: () => void): () => void;
}

export interface CurrentBundle {
  readonly id: string;
  readonly version: number;
  readonly sha256: string;
  /** Whose signature it came with. */
  readonly keyId?: string;
  /** Why it issues no coupons any more; null or absent: it does. */
  readonly ended?: 'expired' | 'revoked' | null;
}

/** The till's certificate at the broker. Implemented by the agent, used by sync/edge. All texts are PEM. */
export interface IdentityPort {
  certificate(): string;
  key(): string;
  /** The authority that signs such certificates. */
  authority(): string;
  /** The key of the next certificate; made when it is first asked for, and kept until `replace`. */
  nextKey(): string;
  /** A certificate for the next key: both are used from the next connection on, also after a restart. Until then the old ones stay. */
  replace(certificate: string): void;
}

/** The other tills of the store. Implemented by sync/edge, used by agent/coupons. */
export interface PeerPort {
  readonly online: boolean;
  /** Best effort, at once. Facts are told from the outbox, not by this. */
  send(message: PeerMessage): void;
  onMessage(listener: (message: PeerMessage) => void): () => void;
}

/** Units of global caps that HQ granted this till. Implemented by agent/coupons, used by sync/edge. */
export interface LeasePort {
  /** What the till would like to have of HQ now; null: it has enough, or was told not long ago that there is none. */
  wants(): LeaseAsk | null;
  /** HQ's word: new leases and refusals, or the request to give units back. Nothing is taken twice. */
  take(command: LeaseCommand): void;
  /** Called when a customer could have what only a unit is missing for. */
  onWant(listener: () => void): () => void;
}

/** What the screen says about the line to HQ. */
export interface LineStatus {
  readonly connected: boolean;
  /** Since when it is as it is; RFC 3339. */
  readonly since: string;
  readonly problem: string | null;
}

/**
 * Asks HQ for the member of an unknown card. Answers in time for the customer to be greeted, or null; what comes too late for that
 * is handed to `late`, which is then called at most once.
 */
export type AskMember = (card: string, late: (facts: MemberFacts) => void) => Promise<MemberFacts | null>;

/** The members' file and what is fetched for it. Implemented by agent/members, used by sync/edge. */
export interface MembersPort {
  /** The version that is here; content null: none. */
  have(): { readonly version: number; readonly content: string | null };
  /** HQ's files for this till and the data lease; signed, addressed to this till and valid now. */
  offered(offer: Extract<MembersCommand, { kind: 'members' }>): void;
  /** Blocks that are missing, at most `most`; null: nothing is being fetched. */
  wanted(most: number): { readonly sha256: string; readonly indexes: readonly number[] } | null;
  /** A block of the store's; false: it is none of those wanted. */
  block(sha256: string, index: number, bytes: Uint8Array): boolean;
  /** Deletes all that is known of a member and tells HQ so, once for each erasure. */
  erase(member: string, erasure: number): void;
  /** Something new is wanted, or a version has come into its place. */
  onChange(listener: () => void): () => void;
}
