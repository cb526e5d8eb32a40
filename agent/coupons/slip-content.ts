/** What a coupon says on paper, kept whole in the print journal: after a crash it prints without asking any bundle. */
import type { CouponTerms } from '../offers/types.ts';

/** Characters of a `coupon.image` that is kept with each coupon: 12 KB of PNG. */
export const longestPicture = 16_384;

export type SlipContent = {
  readonly title: string;
  readonly body?: string;
  readonly legal?: string;
  /** `20 %`: what is printed largest. */
  readonly benefitText?: string;
  /** Local dates, both included. */
  readonly validFrom: string;
  readonly validTo: string;
  /** Without dashes. */
  readonly serial: string;
  readonly token: string;
  readonly barcode: CouponTerms['barcode'];
  /** `coupon.image` of the offer. */
  readonly image?: string;
  /** Language of the texts. */
  readonly language: string;
};

/** The texts in the member's language, else in the bundle's default language, which every coupon has. */
export function textsIn(
  terms: CouponTerms,
  language: string | undefined,
  defaultLanguage: string,
): Pick<SlipContent, 'title' | 'body' | 'legal' | 'language'> {
  const chosen = language !== undefined && terms.texts[language] !== undefined ? language : defaultLanguage;
  const texts = terms.texts[chosen] ?? { title: '' };
  return { ...texts, language: chosen };
}
