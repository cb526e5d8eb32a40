/**
 * Exact integer arithmetic on money (contract section 5): rounding half away from zero, shares by largest remainder.
 * Products that leave the safe integers go through BigInt, so that no amount is too large to be right.
 */
import type { Minor, Permyriad } from './types.ts';

/** `floor(a × b / c)` for non-negative safe integers, `c` > 0; saturates at the largest safe integer. */
export function multiplyFloor(a: number, b: number, c: number): number {
  const product = a * b;
  if (product <= Number.MAX_SAFE_INTEGER) return Math.floor(product / c) - (isAbove(product, c) ? 1 : 0);
  const exact = (BigInt(a) * BigInt(b)) / BigInt(c);
  return exact > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(exact);
}

/** `a × b / c` rounded half away from zero, for non-negative safe integers, `c` > 0; saturates like `multiplyFloor`. */
export function multiplyRound(a: number, b: number, c: number): number {
  const twice = a * b * 2;
  if (twice + c <= Number.MAX_SAFE_INTEGER) return multiplyFloor(twice + c, 1, 2 * c);
  const exact = (BigInt(a) * BigInt(b) * 2n + BigInt(c)) / (2n * BigInt(c));
  return exact > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(exact);
}

/** `permyriad` of an amount, rounded half away from zero. */
export function percentOf(amount: Minor, permyriad: Permyriad): Minor {
  return multiplyRound(amount, permyriad, 10_000);
}

/**
 * Shares `total` in proportion to `weights` by largest remainder; ties go to the earlier. With `total` at most the sum of
 * the weights no share is more than its weight, and a total of exactly that sum gives every share exactly its weight.
 * @param weights non-negative safe integers with a safe sum; all 0 only if `total` is 0
 */
export function shareOut(total: Minor, weights: readonly Minor[]): Minor[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  if (total === 0 || sum === 0) return weights.map(() => 0);
  if (total === sum) return [...weights];
  const big = total * sum > Number.MAX_SAFE_INTEGER;
  const shares: Minor[] = [];
  const remainders: number[] = [];
  let rest = total;
  for (const weight of weights) {
    const share = big ? Number((BigInt(total) * BigInt(weight)) / BigInt(sum)) : multiplyFloor(total, weight, sum);
    shares.push(share);
    remainders.push(big ? Number((BigInt(total) * BigInt(weight)) % BigInt(sum)) : (total * weight) % sum);
    rest -= share;
  }
  if (rest === 0) return shares;
  const order = remainders.map((_, index) => index);
  order.sort((a, b) => (remainders[b] ?? 0) - (remainders[a] ?? 0) || a - b);
  for (const index of order.slice(0, rest)) shares[index] = (shares[index] ?? 0) + 1;
  return shares;
}

/** The quotient of two safe integers can round up to the next integer; then its floor is one too many. */
function isAbove(product: number, divisor: number): boolean {
  return Math.floor(product / divisor) * divisor > product;
}
