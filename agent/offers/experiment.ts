/** Experiments (contract section 7): the same member always lands in the same place, at every till and at HQ. */
import type { CompiledOffer, Terms } from './compile.ts';
import { firstWord } from './sha256.ts';
import type { Experiment, Member, Variant } from './types.ts';

/** Where a member lands. `holdout` sees nothing of the offer; a variant of null is the base offer. */
export type Placement = { readonly holdout: true } | { readonly holdout: false; readonly variant: Variant | null };

const heldOut: Placement = { holdout: true };
const inBase: Placement = { holdout: false, variant: null };
const noVariants: readonly Variant[] = [];

export function placeMember(experiment: Experiment, memberId: string): Placement {
  if (firstWord(experiment.salt, ':', memberId) % 10_000 < (experiment.holdout ?? 0)) return heldOut;
  const variants = experiment.variants ?? noVariants;
  const weights = variants.reduce((sum, variant) => sum + variant.weight, 0);
  if (weights === 0) return inBase;
  let point = firstWord(experiment.salt, ':variant:', memberId) % weights;
  for (const variant of variants) {
    if (point < variant.weight) return { holdout: false, variant };
    point -= variant.weight;
  }
  return { holdout: false, variant: null };
}

/** What an offer gives this member: a variant, or the base where there is no experiment, no member, or a holdout. */
export function placeOffer(
  offer: CompiledOffer,
  member: Member | null,
): { readonly terms: Terms; readonly heldOut: boolean } {
  const { experiment } = offer.offer;
  if (member === null || experiment === undefined) return { terms: offer.base, heldOut: false };
  const placement = placeMember(experiment, member.id);
  if (placement.holdout) return { terms: offer.base, heldOut: true };
  const variant = placement.variant === null ? undefined : offer.variants.get(placement.variant.id);
  return { terms: variant ?? offer.base, heldOut: false };
}
