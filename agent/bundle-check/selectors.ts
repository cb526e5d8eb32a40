/** What can be said of selectors without a catalogue: that one takes nothing, everything, or only what another one takes. */
import { sameSelector } from '../offers/selector.ts';
import type { Selector } from '../offers/types.ts';

/** Steps that may still be taken; after them the answer is "not sure", so that hostile nesting costs no time. */
interface Budget {
  left: number;
}

const plenty = (): Budget => ({ left: 5000 });

/** Sure that no product whatever is selected. */
export function selectsNone(selector: Selector | undefined, budget: Budget = plenty()): boolean {
  if (selector === undefined || --budget.left < 0) return false;
  if ('gtin' in selector) return selector.gtin.length === 0;
  if ('category' in selector) return selector.category.length === 0;
  if ('brand' in selector) return selector.brand.length === 0;
  if ('any' in selector) return selector.any.every(part => selectsNone(part, budget));
  if ('not' in selector) return selectsEvery(selector.not, budget);
  return selector.all.some(part => selectsNone(part, budget)) || clashes(selector.all, budget);
}

/** Sure that every product is selected. */
export function selectsEvery(selector: Selector | undefined, budget: Budget = plenty()): boolean {
  if (selector === undefined) return true;
  if (--budget.left < 0) return false;
  if ('all' in selector) return selector.all.every(part => selectsEvery(part, budget));
  if ('any' in selector) return selector.any.some(part => selectsEvery(part, budget));
  return 'not' in selector && selectsNone(selector.not, budget);
}

/** Sure that all that `a` selects is selected by `b` too. */
export function within(a: Selector | undefined, b: Selector | undefined, budget: Budget = plenty()): boolean {
  if (--budget.left < 0) return false;
  if (b === undefined || selectsEvery(b, budget) || selectsNone(a, budget)) return true;
  if (a === undefined) return false;
  if (sameSelector(a, b)) return true;
  if ('any' in a) return a.any.every(part => within(part, b, budget));
  if ('all' in b) return b.all.every(part => within(a, part, budget));
  if ('any' in b && b.any.some(part => within(a, part, budget))) return true;
  if ('all' in a) return a.all.some(part => within(part, b, budget));
  if ('not' in a && 'not' in b) return within(b.not, a.not, budget);
  if ('not' in b) return apart(a, b.not, budget);
  if ('gtin' in a && 'gtin' in b) return a.gtin.every(code => b.gtin.includes(code));
  if ('brand' in a && 'brand' in b) return a.brand.every(name => b.brand.includes(name));
  if ('category' in a && 'category' in b)
    return a.category.every(node => b.category.some(other => isBelow(node, other)));
  return false;
}

/** Sure that no product is selected by both. */
function apart(a: Selector, b: Selector, budget: Budget): boolean {
  if ('gtin' in a && 'gtin' in b) return !a.gtin.some(code => b.gtin.includes(code));
  if ('brand' in a && 'brand' in b) return !a.brand.some(name => b.brand.includes(name));
  if ('category' in a && 'category' in b)
    return !a.category.some(node => b.category.some(other => isBelow(node, other) || isBelow(other, node)));
  if ('not' in b && !('not' in a)) return within(a, b.not, budget);
  if ('not' in a && !('not' in b)) return within(b, a.not, budget);
  return false;
}

/** Two parts of an `all` that no product can meet together; looked for up to a bound. */
function clashes(parts: readonly Selector[], budget: Budget): boolean {
  const few = parts.slice(0, 50);
  return few.some((a, i) => few.slice(i + 1).some(b => apart(a, b, budget)));
}

function isBelow(node: string, above: string): boolean {
  return node === above || node.startsWith(`${above}/`);
}
