/**
 * Choosing which coupons to print (contract section 6): exact, by branch and bound.
 */
import { compareIds } from './compile.ts';

export interface Candidate {
  readonly id: string;
  readonly priority: number;
  /** At most one of a group. */
  readonly group?: string | undefined;
  readonly category?: string | undefined;
  /** Contact class with little room. */
  readonly class?: string | undefined;
}

export interface Limits {
  readonly total: number;
  readonly perCategory: number;
  /** Room of each contact class; absent: no limit. */
  readonly classes: ReadonlyMap<string, number>;
}

/** The best set, in no particular order. */
export function choose<C extends Candidate>(candidates: readonly C[], limits: Limits): C[] {
  const sorted = [...candidates].sort((a, b) => b.priority - a.priority || compareIds(a.id, b.id));
  const groups = new Set<string>();
  const categories = new Map<string, number>();
  const classes = new Map<string, number>();
  let best: C[] = [];
  let bestSum = 0;
  const chosen: C[] = [];

  const consider = (sum: number) => {
    if (sum < bestSum) return;
    if (sum === bestSum && chosen.length > best.length) return;
    if (sum === bestSum && chosen.length === best.length && !smaller(chosen, best)) return;
    best = [...chosen];
    bestSum = sum;
  };

  const bound = (from: number): number => {
    let sum = 0;
    const end = Math.min(sorted.length, from + limits.total - chosen.length);
    for (let index = from; index < end; index++) sum += sorted[index]?.priority ?? 0;
    return sum;
  };

  const search = (from: number, sum: number): void => {
    consider(sum);
    if (chosen.length >= limits.total) return;
    for (let index = from; index < sorted.length; index++) {
      if (sum + bound(index) < bestSum) return;
      const candidate = sorted[index];
      if (candidate === undefined || !fits(candidate)) continue;
      add(candidate, 1);
      chosen.push(candidate);
      search(index + 1, sum + candidate.priority);
      chosen.pop();
      add(candidate, -1);
    }
  };

  const fits = ({ group, category, class: contact }: C): boolean =>
    (group === undefined || !groups.has(group)) &&
    (category === undefined || (categories.get(category) ?? 0) < limits.perCategory) &&
    (contact === undefined || (classes.get(contact) ?? 0) < (limits.classes.get(contact) ?? Number.POSITIVE_INFINITY));

  const add = ({ group, category, class: contact }: C, step: 1 | -1): void => {
    if (group !== undefined) {
      if (step === 1) groups.add(group);
      else groups.delete(group);
    }
    if (category !== undefined) categories.set(category, (categories.get(category) ?? 0) + step);
    if (contact !== undefined) classes.set(contact, (classes.get(contact) ?? 0) + step);
  };

  search(0, 0);
  return best;
}

function smaller(a: readonly Candidate[], b: readonly Candidate[]): boolean {
  const [left, right] = [a, b].map(set => set.map(each => each.id).sort(compareIds));
  for (const [index, id] of (left ?? []).entries()) {
    const order = compareIds(id, right?.[index] ?? '');
    if (order !== 0) return order < 0;
  }
  return false;
}
