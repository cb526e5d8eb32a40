/**
 * What is worked out before the total: the customer's part once the card is read, the basket as it grows. It is used as long as
 * it is what would be worked out now, so that decisions are the same as without.
 */
import type { MadeDecision, PreparedMember, ScannedBasket } from '../offers/index.ts';
import type { Decision, Sale } from '../offers/types.ts';
import type { MemberRecord, Members, Store } from '../store/index.ts';
import type { Active, OfferEngine } from './active-bundle.ts';
import { type Customer, dayMs, historyOf, memberOf } from './document.ts';

export interface Ahead {
  /** Who stands at the till; null: a guest, or one whom the members' file does not have any more. */
  customer(memberId: string | null, active: Active | null, atMs: number): Customer | null;
  /** The engine's decision on a document with that customer. */
  decide(active: Active, document: Sale): Decision | MadeDecision;
}

type Kept = {
  readonly customer: Customer;
  readonly active: Active;
  /** The members' file gives the same object while it has nothing newer. */
  readonly record: MemberRecord;
  /** What this till and its store know of the customer: as of this change, */
  readonly changes: number;
  /** on this day. */
  readonly day: number;
  prepared: PreparedMember | null;
};

/** For the customer in front of the till: one at a time. */
export function createAhead(store: Store, members: Members, engine: OfferEngine): Ahead {
  let kept: Kept | null = null;
  let basket: ScannedBasket | null = null;

  return {
    customer(memberId, active, atMs) {
      const record = memberId === null ? null : members.byId(memberId);
      if (record === null) return null;
      const changes = store.customerChanges();
      const day = Math.floor(atMs / dayMs);
      if (
        kept?.record === record &&
        kept.active.compiled === active?.compiled &&
        kept.changes === changes &&
        kept.day === day
      )
        return kept.customer;
      const member = memberOf(record, members, store);
      if (active === null) return { member, history: {} };
      const customer = { member, history: historyOf(member, record, day * dayMs, active, store) };
      if (changes !== null) kept = { customer, active, record, changes, day, prepared: null };
      return customer;
    },

    decide({ compiled }, document) {
      const { follow } = engine;
      if (follow === undefined) return engine.decide(compiled, document);
      try {
        if (basket?.compiled !== compiled) basket = follow.basket(compiled);
        basket.scan(document.lines);
        const own = document.member !== undefined && document.member === kept?.customer.member ? kept : null;
        if (own !== null && own.prepared?.compiled !== compiled)
          own.prepared = follow.member(compiled, own.customer.member, own.customer.history);
        return engine.decide(compiled, document, own?.prepared ?? null, basket);
      } catch (error) {
        // What it was broken off in is not used again.
        kept = null;
        basket = null;
        throw error;
      }
    },
  };
}
