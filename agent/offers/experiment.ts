/** Experiments (contract section 7): the same member always lands in the same place, at every till and at HQ. */
import { createHash } from 'node:crypto';
import type { Experiment, Variant } from './types.ts';

/** Where a member lands. `holdout` sees nothing of the offer; a variant of null is the base offer. */
export type Placement = { readonly holdout: true } | { readonly holdout: false; readonly variant: Variant | null };

export function placeMember(experiment: Experiment, memberId: string): Placement {
  if (firstWord(`${experiment.salt}:${memberId}`) % 10_000 < (experiment.holdout ?? 0)) return { holdout: true };
  const variants = experiment.variants ?? [];
  const weights = variants.reduce((sum, variant) => sum + variant.weight, 0);
  if (weights === 0) return { holdout: false, variant: null };
  let point = firstWord(`${experiment.salt}:variant:${memberId}`) % weights;
  for (const variant of variants) {
    if (point < variant.weight) return { holdout: false, variant };
    point -= variant.weight;
  }
  return { holdout: false, variant: null };
}

/** The first four bytes of the SHA-256 of a text in UTF-8, as an unsigned big-endian integer. */
export function firstWord(text: string): number {
  return createHash('sha256').update(text, 'utf8').digest().readUInt32BE(0);
}
