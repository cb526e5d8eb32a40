/** Contact policies (contract sections 2, 6, 9 and 10): how much room a class of coupons has left for this member. */
import type { CompiledBundle } from './compile.ts';
import type { Facts } from './facts.ts';
import type { OfferRows } from './offer-rows.ts';
import type { PastCoupons } from './past.ts';
import type { ContactPolicy } from './types.ts';

const unlimited = 2 ** 31 - 1;

export class ContactRooms {
  readonly #compiled: CompiledBundle;
  readonly #rows: OfferRows;
  readonly #policies: readonly ContactPolicy[];
  /** Number of each policy's class. */
  readonly #classes: readonly number[];
  readonly #used: number[];
  /** Where its window begins, milliseconds since 1970 UTC; NaN where each coupon must be asked. */
  readonly #since: Float64Array;
  /** For each class its tightest policy for the member at hand; -1 if there is none. */
  readonly #tightest: Int32Array;
  /** For each class what its tightest policy leaves; whole numbers, which are handed on without being collected again. */
  readonly #room: Int32Array;

  constructor(compiled: CompiledBundle, rows: OfferRows) {
    this.#compiled = compiled;
    this.#rows = rows;
    this.#policies = compiled.bundle.contactPolicies ?? [];
    this.#classes = this.#policies.map(policy => compiled.classes.get(policy.class) ?? -1);
    this.#used = this.#policies.map(() => 0);
    this.#since = new Float64Array(this.#policies.length);
    this.#tightest = new Int32Array(compiled.classes.size);
    this.#room = new Int32Array(compiled.classes.size);
  }

  /** Counts for another sale; a guest has all the room. */
  read(facts: Facts): void {
    this.#tightest.fill(-1);
    this.#room.fill(unlimited);
    if (facts.member === null || this.#policies.length === 0) return;
    this.#used.fill(0);
    for (let policy = 0; policy < this.#policies.length; policy++) {
      const window = this.#policies[policy]?.window;
      this.#since[policy] = window === undefined ? Number.NaN : facts.windowStart(window);
    }
    this.#count(facts.coupons, facts, false);
    if (this.#policies.some(isOfHousehold)) this.#count(facts.householdCoupons, facts, true);
    for (let policy = 0; policy < this.#policies.length; policy++) {
      const class_ = this.#classes[policy] ?? -1;
      const left = (this.#policies[policy]?.limit ?? 0) - (this.#used[policy] ?? 0);
      if (left >= this.left(class_)) continue;
      this.#tightest[class_] = policy;
      this.#room[class_] = left;
    }
  }

  /** Coupons of the class that the member may still get; where no policy asks more than any sale prints. */
  left(class_: number): number {
    return class_ < 0 ? unlimited : (this.#room[class_] ?? unlimited);
  }

  /** The policy that leaves least, and how many coupons it counts; null where none asks. */
  tightest(class_: number): { readonly policy: ContactPolicy; readonly used: number } | null {
    const index = class_ < 0 ? -1 : (this.#tightest[class_] ?? -1);
    const policy = this.#policies[index];
    return policy === undefined ? null : { policy, used: this.#used[index] ?? 0 };
  }

  /** Number of a class by its name: they are a handful, and comparing them takes a tenth of what a table does. */
  #numberOf(name: string): number {
    for (let policy = 0; policy < this.#policies.length; policy++)
      if (this.#policies[policy]?.class === name) return this.#classes[policy] ?? -1;
    return -1;
  }

  #count(coupons: PastCoupons, facts: Facts, household: boolean): void {
    const { keys } = this.#compiled;
    const { issuedTimes } = coupons;
    const offers = coupons.offers(keys);
    const { now } = facts;
    for (let index = 0; index < coupons.count; index++) {
      const named = coupons.class(index);
      // Retired offers are in no class.
      const class_ = named === undefined ? this.#rows.class(offers[index] ?? -1) : this.#numberOf(named);
      if (class_ < 0) continue;
      for (let policy = 0; policy < this.#policies.length; policy++) {
        const asked = this.#policies[policy];
        if (asked === undefined || this.#classes[policy] !== class_) continue;
        if (household && asked.per !== 'household') continue;
        const since = this.#since[policy] ?? Number.NaN;
        const issued = issuedTimes[index] ?? Number.NaN;
        const counts = Number.isNaN(since) ? facts.within(issued, asked.window) : issued >= since && issued <= now;
        if (counts) this.#used[policy] = (this.#used[policy] ?? 0) + 1;
      }
    }
  }
}

function isOfHousehold({ per }: ContactPolicy): boolean {
  return per === 'household';
}
