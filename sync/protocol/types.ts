/** Messages between till and HQ, as they stand in JSON (contract sync.md). Imported by both ends; imports nothing. */

export interface TillAddress {
  readonly tenant: string;
  readonly store: string;
  readonly till: string;
}

export type EventType =
  | 'sale.completed'
  | 'sale.voided'
  | 'return.completed'
  | 'coupon.issued'
  | 'coupon.printed'
  | 'coupon.voided'
  | 'coupon.redeemed'
  | 'coupon.suppressed'
  | 'points.changed'
  | 'lease.used'
  | 'device.changed'
  | 'bundle.activated'
  | 'bundle.rejected'
  | 'member.erased'
  | 'till.note';

/** One fact of a till. */
export interface TillEvent {
  /** Version of the event's schema. */
  readonly v: 1;
  readonly type: EventType;
  /** UUIDv7. */
  readonly id: string;
  /** Ascends without gaps within an epoch, from 1. */
  readonly seq: number;
  readonly at: string;
  readonly bundle: { readonly id: string; readonly version: number } | null;
  readonly body: Readonly<Record<string, unknown>>;
  /** Hash of the event before (hex SHA-256 of its JSON as sent); of the first one: 64 zeros. */
  readonly prev: string;
}

export interface Batch {
  readonly till: string;
  readonly store: string;
  readonly epoch: number;
  readonly boot: number;
  readonly events: readonly TillEvent[];
}

export interface Ack {
  readonly epoch: number;
  /** Every seq up to here is committed in HQ's database. */
  readonly contiguous: number;
  /** Sequence numbers above `contiguous` that HQ wants again. */
  readonly missing: readonly number[];
}

/** Signed pointer to a bundle's bytes. */
export interface BundlePointer {
  readonly id: string;
  readonly version: number;
  /** Hex, of the file as published. */
  readonly sha256: string;
  readonly size: number;
  /** Size of a content block in bytes, at most 131072. */
  readonly block: number;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly ring: string;
  /** SHA-256 of the file that `delta` starts from. */
  readonly base?: string;
  /** The patch that makes this file of `base`, a file of its own: it spares transfer, the result is what counts. */
  readonly delta?: { readonly sha256: string; readonly size: number };
  readonly keyId: string;
  /** Base64 Ed25519. */
  readonly signature: string;
}

/** Between the tills of a store; hints that make a double redemption impossible while they can talk, and visible when not. */
export type PeerMessage =
  | {
      readonly kind: 'coupon.reserved';
      readonly serial: string;
      readonly till: string;
      readonly saleId: string;
      readonly at: string;
    }
  | {
      readonly kind: 'coupon.released';
      readonly serial: string;
      readonly till: string;
      readonly saleId: string;
      readonly at: string;
    }
  /** A committed fact, as sent to HQ: coupon.issued, coupon.redeemed, coupon.voided, points.changed, sale.completed, sale.voided. */
  | { readonly kind: 'fact'; readonly till: string; readonly epoch: number; readonly event: TillEvent };
