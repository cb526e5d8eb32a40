/** What of a coupon the paper can't show as its offer asks: a code too wide, a picture that is none. The till prints the coupon all the same. */
import { resolveProfile } from '../../drivers/printer/profiles.ts';
import type { Bundle, CouponTerms } from '../offers/types.ts';
import { codeNote } from '../printing/layout-code.ts';
import { couponPicture } from '../printing/layout-picture.ts';
import type { Findings, Path } from './finding.ts';

/** Letters alone make the widest bars; with many digits a serial may fit by chance. */
const widestSerial = 'ABCDEFGHJKMNPQRS';

/** @param columns of the narrowest paper it is printed on */
export function checkPaper(bundle: Bundle, columns: number, findings: Findings): void {
  for (const [index, offer] of bundle.offers.entries()) {
    const check = (coupon: CouponTerms | undefined, path: Path) => {
      if (coupon !== undefined) checkCoupon(offer.id, coupon, columns, ['offers', index, ...path], findings);
    };
    check(offer.coupon, ['coupon']);
    for (const [variant, { coupon }] of (offer.experiment?.variants ?? []).entries())
      check(coupon, ['experiment', 'variants', variant, 'coupon']);
  }
}

function checkCoupon(id: string, coupon: CouponTerms, columns: number, path: Path, findings: Findings): void {
  const profile = resolveProfile('auto', columns < 42 ? 58 : 80);
  if (codeNote({ barcode: coupon.barcode, serial: widestSerial, token: '' }, profile) !== null)
    findings.add(
      'hint',
      'code-too-wide',
      [...path, 'barcode'],
      `The ${coupon.barcode} of offer ${id} is too wide for ${profile.paper} mm paper; tills with such a printer print a QR code in its place.`,
    );
  const picture = coupon.image === undefined ? null : couponPicture(coupon.image, profile);
  if (picture?.kind === 'left-out')
    findings.add(
      'warning',
      'picture-unprintable',
      [...path, 'image'],
      `The picture of offer ${id} is left out on paper: ${picture.why}.`,
    );
}
