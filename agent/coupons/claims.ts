/**
 * One coupon, one till: reservations between the tills of a store. Whoever scanned first has it; of two in the same second the
 * lower till id. Both tills judge by the same rule and so come to the same answer without asking anybody.
 */
import type { Clock } from '../../clock.ts';
import type { PeerPort } from '../ports.ts';
import type { PeerReservation, PresentedRow, Store } from '../store/index.ts';
import { applyPeerFact, type FactChanges } from './peer-facts.ts';

export interface Claims {
  /** The other till that has this coupon, as far as this one knows; null: nobody, or this till was first. */
  rival(serial: string): PeerReservation | null;
  tellReserved(row: PresentedRow): void;
  tellReleased(serial: string, saleId: string): void;
  stop(): void;
}

export type ClaimOptions = {
  readonly store: Store;
  readonly peers: PeerPort | null;
  readonly clock: Clock;
  /** Another till's word changed what is known of these. */
  readonly onChange?: (changes: FactChanges) => void;
  readonly onFault?: (error: unknown) => void;
};

/** A till that reserved and then died says nothing more: its claim ends by itself. */
const CLAIM_MS = 2 * 3_600_000;

export function createClaims(options: ClaimOptions): Claims {
  const { store, peers, clock } = options;
  const { till } = store.address;

  const rival = (serial: string): PeerReservation | null => {
    const [first] = store.peers.reservations(serial, clock.now() - CLAIM_MS);
    if (first === undefined) return null;
    const mine = store.sales.holder(serial);
    return mine === null || isBefore(first, { at: mine.at, till }) ? first : null;
  };

  const tellReserved = (row: PresentedRow) =>
    peers?.send({ kind: 'coupon.reserved', serial: row.serial, till, saleId: row.saleId, at: row.at });

  const stop = peers?.onMessage(message => {
    if (message.till === till) return;
    try {
      if (message.kind === 'fact') {
        options.onChange?.(applyPeerFact(store, message.till, message.event));
        return;
      }
      const { serial, saleId, at } = message;
      if (message.kind === 'coupon.released') {
        store.transaction(() => store.peers.release(serial, message.till));
      } else {
        const atMs = Date.parse(at);
        store.transaction(() =>
          store.peers.reserve({ serial, till: message.till, saleId, at, atMs, heardMs: clock.now() }),
        );
        const mine = store.sales.holder(serial);
        // The other one did not hear of this till's claim, which goes before its own.
        if (mine !== null && rival(serial) === null) tellReserved(mine);
      }
      options.onChange?.({ serials: [serial], doubleRedemptions: [] });
    } catch (error) {
      options.onFault?.(error);
      // What could not be taken in counts as not heard: it is asked for again.
      if (message.kind === 'fact') throw error;
    }
  });

  return {
    rival,
    tellReserved,
    tellReleased(serial, saleId) {
      peers?.send({ kind: 'coupon.released', serial, till, saleId, at: store.instant() });
    },
    stop: () => stop?.(),
  };
}

function isBefore(one: { at: string; till: string }, other: { at: string; till: string }): boolean {
  const between = Date.parse(one.at) - Date.parse(other.at);
  return between === 0 ? one.till < other.till : between < 0;
}
