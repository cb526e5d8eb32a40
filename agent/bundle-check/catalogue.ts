/** Products that a bundle names, held against what the shop sells. */
import { compileSelector, type Product } from '../offers/selector.ts';
import type { Bundle, Selector } from '../offers/types.ts';
import type { Findings, Path } from './finding.ts';
import { partsOf } from './parts.ts';
import { selectsNone } from './selectors.ts';

/** What is sold, gathered product by product, so that a large catalogue need not be held. */
export class Catalogue {
  readonly gtins = new Set<string>();
  /** Categories with products, and all nodes above them. */
  readonly categories = new Set<string>();
  readonly brands = new Set<string>();
  /** Products alike in category and brand are one. */
  readonly kinds = new Map<string, Product>();
  readonly products: Product[] = [];

  add({ gtin, category, brand }: Product): void {
    const product = {
      ...(gtin === undefined ? {} : { gtin }),
      ...(category === undefined ? {} : { category }),
      ...(brand === undefined ? {} : { brand }),
    };
    if (gtin !== undefined) this.gtins.add(gtin);
    if (brand !== undefined) this.brands.add(brand);
    for (let end = category?.length ?? -1; category !== undefined && end > 0; end = category.lastIndexOf('/', end - 1))
      this.categories.add(category.slice(0, end));
    const kind = JSON.stringify([category, brand]);
    if (!this.kinds.has(kind)) this.kinds.set(kind, product);
    this.products.push(product);
  }
}

/** @param catalogue null: only the form of GTINs is looked at */
export function checkProducts(bundle: Bundle, catalogue: Catalogue | null, findings: Findings): void {
  const taken = new Map<string, boolean>();
  for (const [index, offer] of bundle.offers.entries())
    for (const { selector, path } of partsOf(offer, ['offers', index]).selectors) {
      const before = findings.list.length;
      checkNames(selector, path, offer.id, catalogue, findings);
      if (catalogue === null || findings.list.length > before || selectsNone(selector)) continue;
      const key = JSON.stringify(selector);
      const takes = taken.get(key) ?? takesAny(selector, catalogue);
      taken.set(key, takes);
      if (!takes)
        findings.add(
          'warning',
          'selects-nothing',
          path,
          `Offer ${offer.id}: no product of the catalogue is selected here.`,
        );
    }
}

function takesAny(selector: Selector, catalogue: Catalogue): boolean {
  const selects = compileSelector(selector);
  const candidates = JSON.stringify(selector).includes('"gtin"') ? catalogue.products : catalogue.kinds.values();
  for (const product of candidates) if (selects(product)) return true;
  return false;
}

function checkNames(
  selector: Selector,
  path: Path,
  offer: string,
  catalogue: Catalogue | null,
  findings: Findings,
): void {
  const unknown = (code: 'gtin-unknown' | 'category-unknown' | 'brand-unknown', place: Path, what: string) =>
    findings.add('warning', code, place, `Offer ${offer} names ${what}, which the catalogue does not have.`);
  if ('not' in selector) checkNames(selector.not, [...path, 'not'], offer, catalogue, findings);
  else if ('all' in selector || 'any' in selector) {
    const [kind, parts] = 'all' in selector ? (['all', selector.all] as const) : (['any', selector.any] as const);
    for (const [index, part] of parts.entries()) checkNames(part, [...path, kind, index], offer, catalogue, findings);
  } else if ('gtin' in selector)
    for (const [index, gtin] of selector.gtin.entries()) {
      const place = [...path, 'gtin', index];
      if (catalogue !== null && !catalogue.gtins.has(gtin)) unknown('gtin-unknown', place, `GTIN ${gtin}`);
      else if (catalogue === null && !checkDigitFits(gtin))
        findings.add('warning', 'gtin-check-digit', place, `Offer ${offer}: the check digit of GTIN ${gtin} is wrong.`);
    }
  else if (catalogue === null) return;
  else if ('category' in selector) {
    for (const [index, node] of selector.category.entries())
      if (!catalogue.categories.has(node))
        unknown('category-unknown', [...path, 'category', index], `category ${node}`);
  } else
    for (const [index, brand] of selector.brand.entries())
      if (!catalogue.brands.has(brand)) unknown('brand-unknown', [...path, 'brand', index], `brand ${brand}`);
}

/** GS1 mod 10 (General Specifications 7.9); anything but 8, 12, 13 or 14 digits is a number of the shop's own. */
function checkDigitFits(gtin: string): boolean {
  if (!/^(\d{8}|\d{12,14})$/.test(gtin)) return true;
  let sum = 0;
  for (let i = 1; i <= gtin.length; i++) sum += Number(gtin[gtin.length - i]) * (i % 2 === 0 ? 3 : 1);
  return sum % 10 === 0;
}
