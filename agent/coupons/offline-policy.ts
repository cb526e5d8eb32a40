/** Whether a coupon that only its own token vouches for may be taken: the offer says (contract offers.md, section 3). */
import type { CouponTerms } from '../offers/types.ts';

export type OfflineAnswer =
  | { readonly take: true; readonly upTo: number | null }
  /** `upTo`: what it would have been taken for, minor units. */
  | { readonly take: false; readonly upTo: number | null };

/** @param amount what the coupon would take off, minor units; null while nothing is decided */
export function offlineAnswer(policy: CouponTerms['offline'], amount: number | null): OfflineAnswer {
  if (policy === 'accept') return { take: true, upTo: null };
  if (policy === 'decline') return { take: false, upTo: null };
  return { take: amount === null || amount <= policy.upTo, upTo: policy.upTo };
}
