/** Reference reading of the contract, part 3: what a benefit takes off which unit, and what it uses up (section 5). */
import { isDeepStrictEqual } from 'node:util';
import type { Benefit, Minor, Phase, Pick, Predicate, Selector } from '../../../agent/offers/types.ts';
import { isByPiece, selects, sum, thousandths, type Unit } from './basket.ts';

/** What an application does: cents off each unit, and the units it uses up. `units`: it can't apply. */
export type Outcome = { readonly off: ReadonlyMap<Unit, Minor>; readonly consumed: ReadonlySet<Unit> } | 'units';

export interface Attempt {
  readonly phase: Phase;
  readonly benefit: Benefit;
  /** `when`, or `coupon.redeem` in its place. */
  readonly condition: Predicate | undefined;
  readonly stackable: boolean;
}

/** Works out a `line` or `basket` application on the units as they are now; changes nothing. */
export function workOut(attempt: Attempt, units: readonly Unit[]): Outcome {
  const { benefit, phase } = attempt;
  if ('text' in benefit || 'points' in benefit) return { off: new Map(), consumed: new Set() };
  const selector = selectorOf(benefit);
  const available = units.filter(
    unit =>
      selects(selector, unit.line) &&
      (phase !== 'line' || unit.consumed === 'no' || (unit.consumed === 'by-stackable' && attempt.stackable)),
  );
  const trigger = triggerOf(attempt.condition, selector);
  // "where too few unconsumed ones are left for the trigger, the reason is `units`"
  if (phase === 'line' && available.length < trigger) return 'units';
  const outcome =
    'nForM' in benefit ? nForM(benefit.nForM, available, trigger) : onSelected(benefit, available, trigger);
  if (outcome === 'units') return 'units';
  // "What rounds to 0 has not applied (`units`)"
  return sum([...outcome.off.values()]) === 0 ? 'units' : outcome;
}

export function selectorOf(benefit: Benefit): Selector | undefined {
  if ('percent' in benefit) return benefit.percent.of;
  if ('amount' in benefit) return benefit.amount.of;
  if ('price' in benefit) return benefit.price.of;
  if ('nForM' in benefit) return benefit.nForM.of;
  return undefined;
}

/** The largest `atLeast` of `items` with the benefit's own selector, at the top or inside `all`; 0 if there is none. */
function triggerOf(condition: Predicate | undefined, selector: Selector | undefined): number {
  if (condition === undefined) return 0;
  if ('all' in condition) return Math.max(0, ...condition.all.map(part => triggerOf(part, selector)));
  if (!('items' in condition) || !isDeepStrictEqual(condition.items.of, selector)) return 0;
  return condition.items.atLeast ?? 0;
}

type Selecting = Exclude<Benefit, { nForM: unknown } | { points: unknown } | { text: unknown }>;

function onSelected(benefit: Selecting, available: readonly Unit[], trigger: number): Outcome {
  const terms = 'percent' in benefit ? benefit.percent : 'amount' in benefit ? benefit.amount : benefit.price;
  // "one with nothing left is not selected"
  const withSomethingLeft = available.filter(unit => unit.running > 0);
  const ranked = rank(withSomethingLeft, terms.pick ?? 'dearest');
  let selected = terms.maxItems === undefined ? ranked : ranked.slice(0, terms.maxItems);
  const free =
    ('percent' in benefit && benefit.percent.permyriad === 10_000) ||
    ('price' in benefit && benefit.price.unitPrice === 0);
  if (free && trigger > 0) {
    // "free units are cut down until k others stay paid (`units` if none is left)"
    while (selected.length > 0 && withSomethingLeft.length - selected.length < trigger)
      selected = selected.slice(0, -1);
  }
  if (selected.length === 0) return 'units';

  const off = amountsOff(benefit, selected);
  // "Selected units are consumed even if their share is 0; of `price` only those made cheaper"
  const consumed = new Set('price' in benefit ? selected.filter(unit => (off.get(unit) ?? 0) > 0) : selected);
  if (free && trigger > 0) {
    // "the k others are consumed too"
    const others = withSomethingLeft.filter(unit => !selected.includes(unit));
    for (const unit of rank(others, 'dearest').slice(0, trigger)) consumed.add(unit);
  } else {
    reach(trigger, consumed, available);
  }
  return { off, consumed };
}

/** "as many further units as reach that `atLeast`, dearest first". */
function reach(count: number, consumed: Set<Unit>, available: readonly Unit[]): void {
  for (const unit of rank(
    available.filter(u => !consumed.has(u)),
    'dearest',
  )) {
    if (consumed.size >= count) return;
    consumed.add(unit);
  }
}

function amountsOff(benefit: Selecting, selected: readonly Unit[]): Map<Unit, Minor> {
  const running = sum(selected.map(unit => unit.running));
  if ('percent' in benefit) {
    const { permyriad, base, maxAmount } = benefit.percent;
    const on = base === 'initial' ? sum(selected.map(unit => unit.initial)) : running;
    const asked = roundedFraction(BigInt(on) * BigInt(permyriad), 10_000n);
    return share(Math.min(asked, maxAmount ?? asked, running), selected);
  }
  if ('amount' in benefit) {
    const { off, each } = benefit.amount;
    if (each) return new Map(selected.map(unit => [unit, Math.min(off, unit.running)]));
    return share(Math.min(off, running), selected);
  }
  const { unitPrice } = benefit.price;
  return new Map(
    selected.map(unit => {
      const price = isByPiece(unit.line)
        ? unitPrice
        : roundedFraction(BigInt(unitPrice) * BigInt(thousandths(unit.line.quantity)), 1000n);
      return [unit, Math.max(0, unit.running - price)];
    }),
  );
}

function nForM(terms: { take: number; pay: number }, available: readonly Unit[], trigger: number): Outcome {
  const sets = Math.floor(available.length / terms.take);
  const free = rank(available, 'cheapest').slice(0, sets * (terms.take - terms.pay));
  const consumed = new Set(free);
  reach(Math.max(sets * terms.take, trigger), consumed, available);
  return { off: new Map(free.map(unit => [unit, unit.running])), consumed };
}

/** By running amount; ties: the earlier one first, whichever way it goes. */
function rank(units: readonly Unit[], pick: Pick): Unit[] {
  return [...units].sort(
    (a, b) => (pick === 'dearest' ? b.running - a.running : a.running - b.running) || a.position - b.position,
  );
}

/** "shared over their lines in proportion to the running amount of the selected units, then over the units of a line alike". */
function share(amount: Minor, selected: readonly Unit[]): Map<Unit, Minor> {
  const inOrder = [...selected].sort((a, b) => a.position - b.position);
  const lines = [...new Set(inOrder.map(unit => unit.line))].map(line => inOrder.filter(unit => unit.line === line));
  const perLine = largestRemainder(
    amount,
    lines.map(units => sum(units.map(unit => unit.running))),
  );
  const off = new Map<Unit, Minor>();
  lines.forEach((units, index) => {
    const perUnit = largestRemainder(
      perLine[index] ?? 0,
      units.map(unit => unit.running),
    );
    units.forEach((unit, i) => {
      off.set(unit, perUnit[i] ?? 0);
    });
  });
  return off;
}

/** Splits a whole amount in proportion to weights; what the floors leave goes to the largest remainders, ties: earlier. */
export function largestRemainder(amount: number, weights: readonly number[]): number[] {
  const total = BigInt(sum(weights));
  if (total === 0n) return weights.map(() => 0);
  const parts = weights.map((weight, index) => ({
    index,
    floor: Number((BigInt(amount) * BigInt(weight)) / total),
    rest: (BigInt(amount) * BigInt(weight)) % total,
  }));
  const result = parts.map(part => part.floor);
  let left = amount - sum(result);
  const byRest = [...parts].sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1));
  for (const part of byRest) {
    if (left === 0) break;
    result[part.index] = part.floor + 1;
    left--;
  }
  return result;
}

/** Half away from zero; both are positive here. */
export function roundedFraction(numerator: bigint, denominator: bigint): number {
  return Number((numerator * 2n + denominator) / (denominator * 2n));
}
