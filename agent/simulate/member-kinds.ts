/**
 * Members of one tier with the same consents are of one kind; guests are a kind of their own. To all of a kind who are in none of the
 * segments that audiences name the same offers are closed, and being in a segment turns the same few.
 */
import type { CompiledBundle, CompiledOffer } from '../offers/compile.ts';
import type { Member, Predicate, Tier } from '../offers/types.ts';
import { codeBits, codeOf } from './reasons.ts';

/** Among a kind's codes: depends on more than the kind. */
export const ask = 0;

const trigger = codeOf('trigger');
const noMember = codeOf('no-member');
const consent = codeOf('consent');
const audience = codeOf('audience');
const when = codeOf('when');

/** What a bundle's audiences are made of, for all kinds. */
interface Audiences {
  readonly compiled: CompiledBundle;
  readonly tiers: readonly Tier[];
  readonly consents: readonly string[];
  /** Segments that audiences name, by number the offers that name them. */
  readonly segments: ReadonlyMap<string, number>;
  readonly bySegment: readonly (readonly [segment: string, offers: readonly CompiledOffer[]])[];
  /** How many different segments an audience names. */
  readonly named: ReadonlyMap<CompiledOffer, number>;
}

export class MemberKinds {
  readonly #audiences: Audiences;
  readonly #most: number;
  readonly #guests: MemberKind;
  readonly #kinds = new Map<string, MemberKind>();

  /** @param most kinds that are kept */
  constructor(compiled: CompiledBundle, most: number) {
    const { offers, bundle } = compiled;
    const bySegment = new Map<string, CompiledOffer[]>();
    const named = new Map<CompiledOffer, number>();
    for (const offer of offers) {
      const segments = segmentsIn(offer.offer.audience);
      named.set(offer, segments.size);
      for (const segment of segments) {
        const list = bySegment.get(segment);
        if (list === undefined) bySegment.set(segment, [offer]);
        else list.push(offer);
      }
    }
    const consents = [...new Set(offers.flatMap(({ consent }) => consent ?? []))];
    this.#audiences = {
      compiled,
      tiers: bundle.loyalty?.tiers ?? [],
      consents,
      segments: new Map([...bySegment.keys()].map((segment, number) => [segment, number])),
      bySegment: [...bySegment],
      named,
    };
    this.#most = most;
    this.#guests = new MemberKind(this.#audiences, null);
  }

  of(member: Member | null): MemberKind {
    if (member === null) return this.#guests;
    const { tiers, consents } = this.#audiences;
    // A tier that the bundle does not know is none.
    let name = String.fromCharCode(tiers.findIndex(({ id }) => id === member.tier) + 1);
    for (const each of consents) name += member.consents?.includes(each) ? '1' : '0';
    let kind = this.#kinds.get(name);
    if (kind === undefined) {
      kind = new MemberKind(this.#audiences, member);
      if (this.#kinds.size >= this.#most) this.#kinds.clear();
      this.#kinds.set(name, kind);
    }
    return kind;
  }
}

export class MemberKind {
  /** By rank, from `trigger` on: the first reason of a member of this kind who is in no segment; `ask`: it depends. */
  readonly codes: Uint8Array;
  readonly asked: readonly CompiledOffer[];
  readonly #audiences: Audiences;
  /** Rank of its tier; -1 for none. */
  readonly #tier: number;
  /** What being in a segment changes: its turns stand from `starts[number]` to the next, each a rank and a code in one. */
  readonly #starts: Int32Array;
  readonly #turns: Int32Array;

  /** @param member one of this kind; null for guests */
  constructor(audiences: Audiences, member: Member | null) {
    const { offers } = audiences.compiled;
    this.#audiences = audiences;
    this.#tier = audiences.tiers.findIndex(({ id }) => id === member?.tier);
    this.codes = Uint8Array.from(offers, offer => this.#codeOf(offer, member));
    this.asked = offers.filter(({ rank }) => this.codes[rank] === ask);
    const turns: number[] = [];
    const starts = [0];
    for (const [segment, naming] of audiences.bySegment) {
      for (const offer of naming) {
        const usual = this.codes[offer.rank];
        if (usual !== audience && usual !== when) continue;
        const code = this.#invited(offer, segment);
        // An audience that names several segments is told even where nothing changes: who is in two of them has to be asked.
        if (code !== usual || audiences.named.get(offer) !== 1) turns.push((offer.rank << codeBits) | code);
      }
      starts.push(turns.length);
    }
    this.#starts = Int32Array.from(starts);
    this.#turns = Int32Array.from(turns);
  }

  /** Calls `turn` for each offer whose code may be another one for members in the segment, and in no other that it names. */
  eachTurn(segment: string, turn: (rank: number, code: number) => void): void {
    const number = this.#audiences.segments.get(segment);
    if (number === undefined) return;
    const end = this.#starts[number + 1] as number;
    for (let index = this.#starts[number] as number; index < end; index++) {
      const entry = this.#turns[index] as number;
      turn(entry >>> codeBits, entry & ((1 << codeBits) - 1));
    }
  }

  #codeOf(offer: CompiledOffer, member: Member | null): number {
    if (offer.trigger === 'coupon') return trigger;
    if (member === null) return offer.needsMember === null ? when : noMember;
    if (offer.trigger === 'digital') return trigger;
    const needed = offer.consent;
    return needed !== null && !member.consents?.includes(needed) ? consent : this.#invited(offer, null);
  }

  /** From `audience` on, for a member who is in this one segment of those that audiences name. */
  #invited({ offer: { audience: asks, after } }: CompiledOffer, segment: string | null): number {
    const invited = asks === undefined ? true : this.#holds(asks, segment);
    if (invited === false) return audience;
    return invited === null || after !== undefined ? ask : when;
  }

  /** Null where it depends on more. By Kleene's logic: `all` with a false part is false, whatever the others are. */
  #holds(predicate: Predicate, segment: string | null): boolean | null {
    if ('segment' in predicate) return predicate.segment === segment;
    if ('not' in predicate) {
      const inner = this.#holds(predicate.not, segment);
      return inner === null ? null : !inner;
    }
    if ('all' in predicate || 'any' in predicate) {
      const decisive = 'any' in predicate;
      let unknown = false;
      for (const part of 'any' in predicate ? predicate.any : predicate.all) {
        const found = this.#holds(part, segment);
        if (found === decisive) return decisive;
        if (found === null) unknown = true;
      }
      return unknown ? null : !decisive;
    }
    if (!('tier' in predicate)) return null;
    const { tiers } = this.#audiences;
    const rankOf = (tier: string) => tiers.findIndex(({ id }) => id === tier);
    if (this.#tier < 0) return false;
    if ('is' in predicate.tier) return this.#tier === rankOf(predicate.tier.is);
    const least = rankOf(predicate.tier.atLeast);
    return least >= 0 && this.#tier >= least;
  }
}

function segmentsIn(predicate: Predicate | undefined): ReadonlySet<string> {
  const found = new Set<string>();
  const walk = (part: Predicate): void => {
    if ('segment' in part) found.add(part.segment);
    else if ('not' in part) walk(part.not);
    else if ('all' in part) for (const each of part.all) walk(each);
    else if ('any' in part) for (const each of part.any) walk(each);
  };
  if (predicate !== undefined) walk(predicate);
  return found;
}
