/** Articles of the sample grocer, made of the assortment table: GTINs with check digits, prices, names in four languages. */
import { kinds } from './assortment.ts';

export type SampleProduct = {
  readonly gtin: string;
  readonly names: { readonly de: string; readonly fr: string; readonly it: string; readonly en: string };
  /** Rappen for one `unit`. */
  readonly price: number;
  readonly unit: 'ea' | 'kg';
  readonly category: string;
  readonly brand: string;
  readonly discountable: boolean;
};

const brandNames = [...new Set(kinds.flatMap(([, , , , brands]) => brands.split(',')))];
const brandNumber = (brand: string) => brandNames.indexOf(brand);

const brandFactor: Readonly<Record<string, number>> = { Basis: 0.62, 'Terra Bio': 1.35 };

/** Always the same articles in the same order. */
export function sampleProducts(): SampleProduct[] {
  const products: SampleProduct[] = [];
  kinds.forEach(([category, price, unit, names, brands, sizes], kind) => {
    brands.split(',').forEach(brand => {
      sizes.split(',').forEach((size, s) => {
        // A larger pack costs more, but less for each of its parts.
        const scaled = price * (brandFactor[brand] ?? 1) * (s === 0 ? 1 : packFactor(sizes.split(',')[0] ?? '', size));
        const label =
          unit === 'kg' ? brand : `${brand} ${size.replace('.', ',')}`.replace('Stk,', 'Stk.').replace('Btl,', 'Btl.');
        products.push({
          gtin: gtin13(
            `761${String(1000 + brandNumber(brand) * 173).padStart(4, '0')}${String(10000 + kind * 397 + s * 13).padStart(5, '0')}`,
          ),
          names: {
            de: `${names[0]} ${label}`,
            fr: `${names[1]} ${french(label)}`,
            it: `${names[2]} ${italian(label)}`,
            en: `${names[3]} ${english(label)}`,
          },
          price: Math.max(5, Math.round(scaled / 5) * 5),
          unit,
          category,
          brand,
          discountable: !category.startsWith('service/'),
        });
      });
    });
  });
  return products;
}

function packFactor(first: string, size: string): number {
  const ratio = contents(size) / contents(first);
  return ratio <= 1 ? 1.6 : ratio * 0.88;
}

/** `6 × 1,5 l` → 9000; `500 g` → 500. */
function contents(size: string): number {
  const match = /^(?:(\d+) × )?([\d.]+) (\S+)/.exec(size);
  if (match === null) return 1;
  const scale: Readonly<Record<string, number>> = { kg: 1000, l: 1000, dl: 100, cl: 10 };
  return Number(match[1] ?? 1) * Number(match[2] ?? 1) * (scale[match[3] ?? ''] ?? 1);
}

const french = (label: string) => label.replace('Stk.', 'pce').replace('Btl.', 'sachets').replace('Rollen', 'rouleaux');
const italian = (label: string) => label.replace('Stk.', 'pz.').replace('Btl.', 'bustine').replace('Rollen', 'rotoli');
const english = (label: string) =>
  label
    .replace('Stk.', 'pc')
    .replace('Btl.', 'bags')
    .replace('Rollen', 'rolls')
    .replace(/(\d),(\d)/g, '$1.$2');

/** Appends the GS1 mod-10 check digit to twelve digits (GS1 General Specifications 7.9). */
export function gtin13(twelve: string): string {
  let sum = 0;
  for (let i = 0; i < 12; i++) sum += Number(twelve[i]) * (i % 2 === 0 ? 1 : 3);
  return twelve + String((10 - (sum % 10)) % 10);
}
