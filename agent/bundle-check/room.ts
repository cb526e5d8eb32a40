/** Limits of the whole bundle that leave no room for coupons. */
import type { Bundle } from '../offers/types.ts';
import type { Findings } from './finding.ts';

export function checkSelection({ selection, contactPolicies, offers }: Bundle, findings: Findings): void {
  const coupons = offers.filter(({ phase }) => phase === 'issue');
  if (coupons.length === 0) return;
  if (selection?.couponsPerSale === 0)
    findings.add(
      'error',
      'selection-zero',
      ['selection', 'couponsPerSale'],
      'No coupon is ever printed: couponsPerSale is 0.',
    );
  if (selection?.perCategory === 0 && coupons.some(({ coupon }) => coupon?.category !== undefined))
    findings.add(
      'error',
      'selection-zero',
      ['selection', 'perCategory'],
      'No coupon with a category is ever printed: perCategory is 0.',
    );
  for (const [index, { id, class: name, limit }] of (contactPolicies ?? []).entries())
    if (limit === 0 && coupons.some(({ contact }) => contact?.class === name))
      findings.add(
        'error',
        'selection-zero',
        ['contactPolicies', index, 'limit'],
        `No member ever gets a coupon of class "${name}": the limit of ${id} is 0.`,
      );
}
