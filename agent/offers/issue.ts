/** Which coupons are printed (contract section 6): candidates, the best set of them, and what stands on each coupon. */
import { fullCap } from './caps.ts';
import type { CompiledBundle, CompiledOffer, Terms } from './compile.ts';
import { conditionFault, restFault } from './conditions.ts';
import { ContactRooms } from './contact.ts';
import { placeOffer } from './experiment.ts';
import type { Facts } from './facts.ts';
import type { Finding } from './finding.ts';
import type { OffersByPhase } from './lookup/found.ts';
import { type OfferRows, readingRows } from './offer-rows.ts';
import { Picker, type PickLimits } from './picker.ts';
import type { CompiledPredicate } from './predicate.ts';
import { choose } from './selection.ts';
import { finish } from './steps.ts';
import { formatDate } from './time.ts';
import type { Issue } from './types.ts';

interface CouponCandidate {
  offer: CompiledOffer;
  /** Index among the offers looked at. */
  at: number;
  chosen: boolean;
  /** Null: the base offer's. */
  terms: Terms | null;
  heldOut: boolean;
}

const noOffers: CompiledOffer[] = [];
const nothing: Issue[] = [];
const noFindings: (Finding | null)[] = [];
// Shared by all answers.
for (const none of [noOffers, noFindings, nothing]) Object.freeze(none);

/** The choice of coupons of one bundle; serves one decision after the other, and what it answers holds until the next. */
export class CouponChoice {
  readonly #compiled: CompiledBundle;
  readonly #rooms: ContactRooms;
  readonly #picker: Picker;
  readonly #limits: PickLimits;
  readonly #candidates: CouponCandidate[] = [];
  #count = 0;
  #heldOut: CompiledOffer[] = noOffers;
  #findings: (Finding | null)[] = noFindings;
  readonly #rows: OfferRows;
  /** By place: the offers that the member's history has a coupon of. */
  readonly #inHistory: Uint8Array;
  readonly #marked: Int32Array;
  #markedCount = 0;

  constructor(compiled: CompiledBundle, rows: OfferRows = finish(readingRows(compiled))) {
    const { selection } = compiled.bundle;
    const rooms = new ContactRooms(compiled, rows);
    this.#compiled = compiled;
    this.#rooms = rooms;
    this.#rows = rows;
    this.#inHistory = new Uint8Array(compiled.offers.length);
    this.#marked = new Int32Array(compiled.offers.length);
    this.#picker = new Picker(compiled.groups, compiled.categories, compiled.classes.size);
    this.#limits = {
      total: selection?.couponsPerSale ?? Number.POSITIVE_INFINITY,
      perCategory: selection?.perCategory ?? Number.POSITIVE_INFINITY,
      left: class_ => rooms.left(class_),
    };
  }

  /** Chosen, but held out: their places stay empty. In the contract's order; holds until the next choice. */
  get heldOut(): readonly CompiledOffer[] {
    return this.#heldOut;
  }

  /** Why not, by the index of an offer; null for one that was chosen. Only if that was asked for; holds until the next choice. */
  get findings(): readonly (Finding | null)[] {
    return this.#findings;
  }

  /**
   * @param presented ids of offers of which a coupon is presented
   * @param applications of this sale by offer; null: none
   * @param explaining whether findings are asked for
   * @returns what is printed, by priority descending, then id
   */
  choose(
    facts: Facts,
    offers: OffersByPhase,
    presented: ReadonlySet<string>,
    applications: ReadonlyMap<string, number> | null,
    explaining: boolean,
  ): readonly Issue[] {
    this.#heldOut = noOffers;
    this.#findings = explaining ? [] : noFindings;
    this.#collect(facts, offers, presented, applications, explaining);
    const count = this.#picker.choose();
    const hard = count === null ? this.#chooseHard() : null;
    const chosen = count ?? hard?.length ?? 0;
    const issue: Issue[] = chosen === 0 ? nothing : new Array<Issue>(chosen);
    let printed = 0;
    for (let index = 0; index < chosen; index++) {
      const candidate = hard?.[index] ?? this.#candidates[this.#picker.chosen(index)];
      const coupon = candidate === undefined ? null : this.#take(candidate, facts);
      if (coupon !== null) issue[printed++] = coupon;
    }
    if (printed < chosen) issue.length = printed;
    if (this.#heldOut.length > 1) this.#heldOut.sort((a, b) => a.rank - b.rank);
    if (explaining) this.#tellLeftOver();
    return issue;
  }

  #tellLeftOver(): void {
    for (let index = 0; index < this.#count; index++) {
      const { offer, at, chosen } = this.#candidates[index] as CouponCandidate;
      if (!chosen) this.#findings[at] = { reason: 'not-selected', priority: offer.offer.priority ?? 1 };
    }
  }

  /** A place is taken whether held out or not: where a member stands need only be known of the chosen. */
  #take(candidate: CouponCandidate, facts: Facts): Issue | null {
    const { offer } = candidate;
    candidate.chosen = true;
    if (!offer.placedFirst && offer.offer.experiment !== undefined) stand(candidate, facts);
    if (!candidate.heldOut) return issueOf(offer, candidate.terms ?? offer.base, this.#compiled, facts);
    if (this.#heldOut.length === 0) this.#heldOut = [offer];
    else this.#heldOut.push(offer);
    return null;
  }

  /** Finds the candidates; of the other offers why not, if that is asked for. */
  #collect(
    facts: Facts,
    offers: OffersByPhase,
    presented: ReadonlySet<string>,
    applications: ReadonlyMap<string, number> | null,
    explaining: boolean,
  ): void {
    this.#count = 0;
    this.#rooms.read(facts);
    this.#limits.total = this.#places();
    this.#picker.begin(this.#limits);
    if (facts.now > this.#compiled.notAfter && !explaining) return;
    this.#mark(facts);
    const quick = !explaining && facts.asIndexed;
    const inOrder = !explaining && offers.byPriority;
    for (let index = offers.from('issue'); offers.reaches(index); index++) {
      const place = offers.place(index);
      if (inOrder && this.#picker.isSettled(this.#rows.priority(place))) break;
      if (inOrder && this.#picker.hasBetter(this.#rows.class(place))) continue;
      if (!explaining && !offers.isNear(index, facts.basket)) continue;
      const rest = quick && !this.#rows.waitsForCoupon(place) ? offers.rest(index) : null;
      if (rest !== null) {
        if (this.#passes(place, offers, index, rest, facts, applications))
          this.#add(place, offers, index, facts, inOrder);
        continue;
      }
      const offer = offers.at(index);
      const finding = this.#fault(offer, facts, presented.has(offer.id), applications, explaining);
      if (finding === null) this.#add(place, offers, index, facts, inOrder);
      if (explaining) this.#findings[index] = finding;
    }
    this.#unmark();
  }

  /** How many coupons there can be at most: where each has a contact class, no more than these have room for. */
  #places(): number {
    const most = this.#compiled.bundle.selection?.couponsPerSale ?? Number.POSITIVE_INFINITY;
    if (!this.#compiled.allInClasses) return most;
    let room = 0;
    for (let class_ = 0; class_ < this.#compiled.classes.size; class_++) room += Math.max(0, this.#rooms.left(class_));
    return Math.min(most, room);
  }

  /** The first reason against an offer, in the contract's order. */
  #fault(
    offer: CompiledOffer,
    facts: Facts,
    triggered: boolean,
    applications: ReadonlyMap<string, number> | null,
    explaining: boolean,
  ): Finding | null {
    return (
      this.#expired(facts) ??
      conditionFault(offer, null, triggered, facts, explaining) ??
      fullCap(offer, facts, false, applications?.get(offer.id) ?? 0) ??
      this.#fullPolicy(offer)
    );
  }

  /** Whether nothing speaks against an offer that the index found: what is quickly asked comes first. */
  #passes(
    place: number,
    offers: OffersByPhase,
    index: number,
    rest: readonly CompiledPredicate[],
    facts: Facts,
    applications: ReadonlyMap<string, number> | null,
  ): boolean {
    if (this.#rooms.left(this.#rows.class(place)) <= 0) return false;
    const uncounted = applications === null && this.#inHistory[place] === 0 && this.#rows.hasCapsByHistory(place);
    if (!uncounted) {
      const offer = offers.at(index);
      if (fullCap(offer, facts, false, applications?.get(offer.id) ?? 0) !== null) return false;
    }
    return restFault(rest, this.#rows.isChained(place) ? offers.at(index).after : null, facts) === null;
  }

  #mark({ coupons }: Facts): void {
    const offers = coupons.offers(this.#compiled.keys);
    for (let index = 0; index < coupons.count; index++) {
      const place = offers[index] ?? -1;
      // Retired offers have numbers beyond those of the bundle's.
      if (place < 0 || place >= this.#inHistory.length || this.#inHistory[place] === 1) continue;
      this.#inHistory[place] = 1;
      this.#marked[this.#markedCount++] = place;
    }
  }

  #unmark(): void {
    for (let index = 0; index < this.#markedCount; index++) this.#inHistory[this.#marked[index] ?? -1] = 0;
    this.#markedCount = 0;
  }

  #expired({ now, sale }: Facts): Finding | null {
    const { bundle, notAfter, endsAt } = this.#compiled;
    return now > notAfter ? { reason: 'expired-bundle', notAfter: endsAt ?? bundle.notAfter, at: sale.at } : null;
  }

  #fullPolicy({ class: class_ }: CompiledOffer): Finding | null {
    if (class_ < 0 || this.#rooms.left(class_) > 0) return null;
    const tightest = this.#rooms.tightest(class_);
    return tightest === null ? null : { reason: 'contact-policy', policy: tightest.policy, found: tightest.used };
  }

  /** A held-out offer competes with its base coupon. */
  #add(place: number, offers: OffersByPhase, at: number, facts: Facts, inOrder: boolean): void {
    const offer = offers.at(at);
    let candidate = this.#candidates[this.#count++];
    if (candidate === undefined) {
      candidate = { offer, at, chosen: false, terms: null, heldOut: false };
      this.#candidates.push(candidate);
    }
    candidate.offer = offer;
    candidate.at = at;
    candidate.chosen = false;
    candidate.terms = null;
    candidate.heldOut = false;
    const rows = this.#rows;
    if (rows.isPlacedFirst(place)) stand(candidate, facts);
    const terms = candidate.terms as Terms | null;
    const category = terms?.category ?? rows.category(place);
    const priority = rows.priority(place);
    const byId = rows.byId(place);
    const group = rows.group(place);
    const class_ = rows.class(place);
    if (inOrder) this.#picker.addNext(priority, byId, group, category, class_);
    else this.#picker.add(priority, byId, group, category, class_);
  }

  #chooseHard(): readonly CouponCandidate[] {
    const candidates = this.#candidates.slice(0, this.#count).map(candidate => {
      const { priority, group, contact } = candidate.offer.offer;
      const class_ = candidate.offer.class >= 0 ? contact?.class : undefined;
      const { category } = (candidate.terms ?? candidate.offer.base).coupon?.terms ?? {};
      return { id: candidate.offer.id, priority: priority ?? 1, group, category, class: class_, candidate };
    });
    const classes = new Map([...this.#compiled.classes].map(([name, class_]) => [name, this.#rooms.left(class_)]));
    return choose(candidates, { ...this.#limits, classes }).map(({ candidate }) => candidate);
  }
}

/** Where in its experiment the member stands. */
function stand(candidate: CouponCandidate, { member }: Facts): void {
  const { terms, heldOut } = placeOffer(candidate.offer, member);
  candidate.terms = terms;
  candidate.heldOut = heldOut;
}

function issueOf({ offer }: CompiledOffer, terms: Terms, compiled: CompiledBundle, facts: Facts): Issue {
  const coupon = terms.coupon?.terms;
  const from = facts.today + (coupon?.validFromDays ?? 0);
  const language = facts.member?.language;
  const texts = coupon?.texts ?? noTexts;
  const spoken = language !== undefined && Object.hasOwn(texts, language) ? texts[language] : undefined;
  return {
    offer: offer.id,
    variant: terms.variant,
    priority: offer.priority ?? 1,
    validFrom: formatDate(from),
    validTo: formatDate(from + (coupon?.validDays ?? 1) - 1),
    title: (spoken ?? texts[compiled.bundle.defaultLanguage])?.title ?? '',
  };
}

const noTexts: Readonly<Record<string, { readonly title: string }>> = {};
