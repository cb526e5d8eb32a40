/** What a coupon's texts look like on the paper, and whether each language has them. */
import { printable, standIn } from '../../drivers/printer/escpos/code-pages.ts';
import { displayWidth, glued } from '../../drivers/printer/escpos/display-width.ts';
import { resolveProfile } from '../../drivers/printer/profiles.ts';
import type { Bundle, CouponTerms, CouponTexts, Offer } from '../offers/types.ts';
import type { CouponPrint } from '../printing/layout.ts';
import { layoutCoupon } from '../printing/layout.ts';
import type { Findings, Path } from './finding.ts';

/** Lines at which a text is called long: above them nobody reads on, and the paper grows. */
const mostLines = { title: 3, body: 6, legal: 12 } as const;

/**
 * @param columns of the narrowest paper it is printed on
 * @param languages that every coupon must have; null: those that any coupon of the bundle has
 */
export function checkTexts(
  bundle: Bundle,
  columns: number,
  languages: readonly string[] | null,
  findings: Findings,
): void {
  const all = bundle.offers.flatMap(couponsOf);
  const spoken = languages ?? [...new Set(all.flatMap(({ coupon }) => Object.keys(coupon.texts)))];
  for (const [index, offer] of bundle.offers.entries())
    for (const { coupon, path } of couponsOf(offer)) {
      const place = ['offers', index, ...path, 'texts'];
      for (const [language, texts] of Object.entries(coupon.texts))
        checkOnPaper(offer, texts, language, columns, [...place, language], findings);
      for (const language of spoken)
        if (!Object.hasOwn(coupon.texts, language))
          findings.add(
            'warning',
            'language-missing',
            place,
            `The coupon of offer ${offer.id} has no text in "${language}"; a member who speaks it gets "${bundle.defaultLanguage}".`,
          );
    }
}

function couponsOf(offer: Offer): { readonly coupon: CouponTerms; readonly path: Path }[] {
  const own = offer.coupon === undefined ? [] : [{ coupon: offer.coupon, path: ['coupon'] }];
  const others = (offer.experiment?.variants ?? []).flatMap(({ coupon }, index) =>
    coupon === undefined ? [] : [{ coupon, path: ['experiment', 'variants', index, 'coupon'] }],
  );
  return [...own, ...others];
}

function checkOnPaper(
  { id }: Offer,
  texts: CouponTexts,
  language: string,
  columns: number,
  path: Path,
  findings: Findings,
): void {
  const profile = resolveProfile('auto', columns < 42 ? 58 : 80);
  for (const name of ['title', 'body', 'legal'] as const) {
    const text = texts[name];
    if (text === undefined || text === '') continue;
    const place = [...path, name];
    const wide = glued(text)
      .split(/[ \n]/)
      .find(word => displayWidth(word) > columns);
    if (wide !== undefined)
      findings.add(
        'warning',
        'text-too-wide',
        place,
        `"${shorten(wide)}" in the ${name} of offer ${id} is wider than the paper's ${columns} columns and would be cut in two.`,
      );
    const odd = [...text].find(sign => sign !== '\n' && !printable(sign, profile) && standIn(sign) === null);
    if (odd !== undefined)
      findings.add(
        'warning',
        'text-unprintable',
        place,
        `"${odd}" in the ${name} of offer ${id} is in none of a common printer's code pages (${profile.name}).`,
      );
    const lines = linesOnPaper(name, text, language, columns);
    if (lines > mostLines[name])
      findings.add(
        'warning',
        'text-too-long',
        place,
        `The ${name} of offer ${id} takes ${lines} lines of ${columns} columns; ${mostLines[name]} are readable.`,
      );
  }
}

/** Lines that the till's own layout gives to a text. */
function linesOnPaper(name: keyof CouponTexts, text: string, language: string, columns: number): number {
  const blank = {
    validFrom: '2000-01-01',
    validTo: '2000-01-01',
    serial: '0',
    token: '0',
    barcode: 'qr',
    languages: [language],
  } as const;
  const lines = (more: Partial<CouponPrint>) => {
    const slip = layoutCoupon({ title: '', ...blank, ...more }, columns);
    let count = 0;
    for (const element of slip) {
      if (element.kind !== 'text') continue;
      // The printer driver wraps small print itself, in font B with a third more columns.
      count += element.small ? Math.ceil(displayWidth(element.text) / Math.floor((columns * 4) / 3)) : 1;
    }
    return count;
  };
  return lines({ [name]: text }) - lines({});
}

const shorten = (text: string) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);
