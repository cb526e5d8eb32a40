/**
 * The least that any index must do: read every entry that stands under the basket's products, brands and category nodes and
 * under the member's segments, and write the answer (known beforehand). It decides nothing.
 */
import type { Bundle, Decision, Predicate, Sale, Selector } from '../../agent/offers/index.ts';

/** @returns a function of a sale and the decision known for it */
export function touchOf(bundle: Bundle): (sale: Sale, answer: Decision) => Decision {
  const [segments, gtins, brands, nodes] = [lists(), lists(), lists(), lists()];
  bundle.offers.forEach((offer, index) => {
    const names: Names = { segments: new Set(), gtins: new Set(), brands: new Set(), nodes: new Set() };
    for (const predicate of [offer.audience, offer.when]) if (predicate !== undefined) collect(predicate, names);
    for (const segment of names.segments) segments.add(segment, index);
    for (const gtin of names.gtins) gtins.add(gtin, index);
    for (const brand of names.brands) brands.add(brand, index);
    for (const node of names.nodes) nodes.add(node, index);
  });
  const [ofSegment, ofGtin, ofBrand] = [segments.done(), gtins.done(), brands.done()];
  const ofNode = nodes.done();
  const paths = new Map<string, readonly Posting[]>();
  const pathOf = (category: string) => {
    const found: Posting[] = [];
    for (let path = category; path !== ''; path = path.slice(0, Math.max(0, path.lastIndexOf('/')))) {
      const posting = ofNode.get(path);
      if (posting !== undefined) found.push(posting);
    }
    paths.set(category, found);
    return found;
  };
  let turn = 0;
  /** Answers what was read, so that no compiler leaves the reading out. */
  const read = (posting: Posting | undefined): number => {
    // A product or node that stands in several lines is read once.
    if (posting === undefined || posting.turn === turn) return 0;
    posting.turn = turn;
    const { offers } = posting;
    let seen = 0;
    for (let index = 0; index < offers.length; index++) seen |= offers[index] ?? 0;
    return seen;
  };
  return (sale, answer) => {
    turn++;
    let seen = 0;
    for (const { gtin, brand, category } of sale.lines) {
      if (gtin !== undefined) seen |= read(ofGtin.get(gtin));
      if (brand !== undefined) seen |= read(ofBrand.get(brand));
      if (category !== undefined) for (const posting of paths.get(category) ?? pathOf(category)) seen |= read(posting);
    }
    if (sale.member !== undefined)
      for (const segment of sale.member.segments ?? []) seen |= read(ofSegment.get(segment));
    if (seen < 0) throw new Error('ranks are never negative');
    return copyOf(answer);
  };
}

const unread: Decision['rejected'] = [];

/** The same answer in new objects; its texts and empty lists are shared. */
export function copyOf(answer: Decision): Decision {
  const { saleId, bundle, total, applied, points, issue, suppressed } = answer;
  return {
    saleId,
    bundle: { id: bundle.id, version: bundle.version },
    total: { initial: total.initial, discount: total.discount, net: total.net },
    applied:
      applied.length === 0
        ? applied
        : applied.map(({ offer, phase, variant, amount, lines }) => ({ offer, phase, variant, amount, lines })),
    points: points && {
      earned: points.earned,
      balance: points.balance,
      tierBefore: points.tierBefore,
      tierAfter: points.tierAfter,
      offers:
        points.offers.length === 0
          ? points.offers
          : points.offers.map(({ offer, points: given }) => ({ offer, points: given })),
    },
    issue:
      issue.length === 0
        ? issue
        : issue.map(({ offer, variant, priority, validFrom, validTo, title }) => ({
            offer,
            variant,
            priority,
            validFrom,
            validTo,
            title,
          })),
    suppressed:
      suppressed.length === 0 ? suppressed : suppressed.map(({ offer, phase, reason }) => ({ offer, phase, reason })),
    // A reference: reasons are worked out when they are read.
    rejected: unread,
  };
}

interface Posting {
  readonly offers: Int32Array;
  turn: number;
}

function lists() {
  const found = new Map<string, number[]>();
  return {
    add(name: string, offer: number): void {
      const list = found.get(name);
      if (list === undefined) found.set(name, [offer]);
      else list.push(offer);
    },
    done: (): ReadonlyMap<string, Posting> =>
      new Map([...found].map(([name, offers]) => [name, { offers: Int32Array.from(offers), turn: 0 }])),
  };
}

interface Names {
  readonly segments: Set<string>;
  readonly gtins: Set<string>;
  readonly brands: Set<string>;
  readonly nodes: Set<string>;
}

function collect(predicate: Predicate, names: Names): void {
  if ('all' in predicate) for (const part of predicate.all) collect(part, names);
  else if ('any' in predicate) for (const part of predicate.any) collect(part, names);
  else if ('not' in predicate) collect(predicate.not, names);
  else if ('segment' in predicate) names.segments.add(predicate.segment);
  else if ('spend' in predicate) collectProducts(predicate.spend.of, names);
  else if ('items' in predicate) collectProducts(predicate.items.of, names);
}

function collectProducts(selector: Selector | undefined, names: Names): void {
  if (selector === undefined || 'not' in selector) return;
  if ('gtin' in selector) for (const gtin of selector.gtin) names.gtins.add(gtin);
  else if ('brand' in selector) for (const brand of selector.brand) names.brands.add(brand);
  else if ('category' in selector) for (const node of selector.category) names.nodes.add(node);
  else if ('any' in selector) for (const part of selector.any) collectProducts(part, names);
  // Under the first part alone an index finds them all.
  else collectProducts(selector.all[0], names);
}
