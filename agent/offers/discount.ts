/**
 * What a benefit takes off which units (contract section 5), without doing it yet: selection, rounding and sharing,
 * consumption, and no feeding on itself.
 */
import type { Basket, Units } from './basket.ts';
import { multiplyRound, percentOf, shareOut } from './money.ts';
import type { Selects } from './selector.ts';
import type { Benefit, Minor, Pick } from './types.ts';

export interface Discount {
  readonly total: Minor;
  /** In order of position; `amounts` in the same order. */
  readonly units: readonly number[];
  readonly amounts: readonly Minor[];
  /** Units that a `line` application uses up, the discounted ones included. */
  readonly consumed: readonly number[];
}

/** Too few units: `needed` for the trigger or the benefit, `found` that are still open. */
export interface TooFewUnits {
  readonly needed: number;
  readonly found: number;
}

export interface Asked {
  readonly phase: 'line' | 'basket';
  readonly benefit: Exclude<Benefit, { points: unknown } | { text: unknown }>;
  readonly selects: Selects;
  readonly stackable: boolean;
  /** `atLeast` of the `items` condition on the benefit's own selector; 0 if there is none. */
  readonly trigger: number;
}

export function discountOf(asked: Asked, basket: Basket): Discount | TooFewUnits {
  const units = basket.units;
  const all = units.of(asked.selects);
  const open = asked.phase === 'line' ? all.filter(unit => units.isOpen(unit, asked.stackable)) : all;
  return 'nForM' in asked.benefit
    ? nForM(asked, asked.benefit.nForM, open, units)
    : reduction(asked, asked.benefit, open, units);
}

export function isDiscount(result: Discount | TooFewUnits): result is Discount {
  return 'total' in result;
}

type Reduction = Exclude<Asked['benefit'], { nForM: unknown }>;

function reduction(asked: Asked, benefit: Reduction, open: readonly number[], units: Units): Discount | TooFewUnits {
  const live = open.filter(unit => units.left(unit) > 0);
  const choice = 'percent' in benefit ? benefit.percent : 'amount' in benefit ? benefit.amount : benefit.price;
  let most = choice.maxItems ?? Number.POSITIVE_INFINITY;
  const takesAll = isFree(benefit) && asked.trigger > 0;
  if (takesAll) {
    most = Math.min(most, live.length - asked.trigger);
    if (most <= 0) return { needed: asked.trigger + 1, found: live.length };
  }
  const selected = most >= live.length ? live : picked(live, choice.pick ?? 'dearest', units).slice(0, most);
  selected.sort((a, b) => a - b);
  const amounts = amountsOff(benefit, selected, units);
  const total = sum(amounts);
  if (total === 0) return { needed: 1, found: selected.length };
  if (asked.phase === 'basket') return { total, units: selected, amounts, consumed: [] };

  const reduced = 'price' in benefit ? selected.filter((_, index) => (amounts[index] ?? 0) > 0) : selected;
  const further = takesAll ? asked.trigger : Math.max(0, asked.trigger - reduced.length);
  const others = without(takesAll ? live : open, reduced);
  if (others.length < further) return { needed: asked.trigger, found: open.length };
  const consumed = [...reduced, ...picked(others, 'dearest', units).slice(0, further)];
  return { total, units: selected, amounts, consumed };
}

/** The amount off each selected unit. */
function amountsOff(benefit: Reduction, selected: readonly number[], units: Units): Minor[] {
  if ('price' in benefit) {
    const { unitPrice } = benefit.price;
    return selected.map(unit => {
      const { byPiece, quantity } = units.line(unit);
      const price = byPiece ? unitPrice : multiplyRound(unitPrice, quantity, 1000);
      return Math.max(0, units.left(unit) - price);
    });
  }
  if ('amount' in benefit && benefit.amount.each)
    return selected.map(unit => Math.min(benefit.amount.off, units.left(unit)));
  const left = sum(selected.map(unit => units.left(unit)));
  let total: Minor;
  if ('amount' in benefit) total = benefit.amount.off;
  else {
    const { base, permyriad, maxAmount } = benefit.percent;
    const of = base === 'initial' ? sum(selected.map(unit => units.initial[unit] ?? 0)) : left;
    total = Math.min(percentOf(of, permyriad), maxAmount ?? Number.POSITIVE_INFINITY);
  }
  return shareOverLines(Math.min(total, left), selected, units);
}

/** Over the lines in proportion to the selected units' running amounts, then over each line's units alike. */
function shareOverLines(total: Minor, selected: readonly number[], units: Units): Minor[] {
  const lines: number[][] = [];
  let current = -1;
  for (const unit of selected) {
    const line = units.lineOf[unit] ?? -1;
    if (line !== current) lines.push([]);
    lines.at(-1)?.push(units.left(unit));
    current = line;
  }
  const perLine = shareOut(total, lines.map(sum));
  return lines.flatMap((amounts, index) => shareOut(perLine[index] ?? 0, amounts));
}

function nForM(
  asked: Asked,
  { take, pay }: { readonly take: number; readonly pay: number },
  open: readonly number[],
  units: Units,
): Discount | TooFewUnits {
  const sets = Math.floor(open.length / take);
  if (sets === 0) return { needed: take, found: open.length };
  const free = picked(open, 'cheapest', units).slice(0, sets * (take - pay));
  free.sort((a, b) => a - b);
  const amounts = free.map(unit => units.left(unit));
  const total = sum(amounts);
  if (total === 0) return { needed: 1, found: 0 };
  if (asked.phase === 'basket') return { total, units: free, amounts, consumed: [] };
  if (open.length < asked.trigger) return { needed: asked.trigger, found: open.length };
  const further = Math.max(sets * take, asked.trigger) - free.length;
  const others = picked(without(open, free), 'dearest', units).slice(0, further);
  return { total, units: free, amounts, consumed: [...free, ...others] };
}

function isFree(benefit: Reduction): boolean {
  return (
    ('percent' in benefit && benefit.percent.permyriad === 10_000) ||
    ('price' in benefit && benefit.price.unitPrice === 0)
  );
}

/** By running amount, ties by position (units are numbered by position). */
function picked(candidates: readonly number[], pick: Pick, units: Units): number[] {
  const sign = pick === 'dearest' ? -1 : 1;
  return [...candidates].sort((a, b) => sign * (units.left(a) - units.left(b)) || a - b);
}

function without(all: readonly number[], taken: readonly number[]): number[] {
  const set = new Set(taken);
  return all.filter(unit => !set.has(unit));
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
