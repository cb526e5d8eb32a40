/** The products that a till knows by itself: for the demo and for shops whose screen is the POS. */
import { readFileSync } from 'node:fs';
import { messageOf, TillsideError } from '../../errors.ts';
import type { Language } from '../api/till-service.ts';
import type { ProductView } from '../api/wire.ts';

export type Product = {
  readonly gtin: string;
  readonly names: Readonly<Partial<Record<Language, string>>>;
  /** Minor units for one `unit`. */
  readonly price: number;
  readonly unit: string;
  readonly category: string;
  readonly brand?: string;
  readonly discountable?: boolean;
};

export interface Catalogue {
  find(gtin: string, language: Language): ProductView | null;
  all(language: Language): readonly ProductView[];
}

export function createCatalogue(products: readonly Product[]): Catalogue {
  const byGtin = new Map(products.map(product => [plain(product.gtin), product]));
  return {
    find(gtin, language) {
      const product = byGtin.get(plain(gtin));
      return product === undefined ? null : view(product, language);
    },
    all: language => products.map(product => view(product, language)),
  };
}

/**
 * Reads `products.json`: an array of products.
 * @throws TillsideError `config-invalid` naming the file and the first fault
 */
export function loadCatalogue(path: string): Catalogue {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new TillsideError('config-invalid', `The catalogue ${path} can't be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const products = Array.isArray(parsed) ? parsed : null;
  const bad = products?.findIndex(product => !isProduct(product)) ?? 0;
  if (products === null || bad >= 0) {
    throw new TillsideError(
      'config-invalid',
      `The catalogue ${path} must be a list of {gtin, names, price, unit, category}; entry ${bad} is not.`,
    );
  }
  return createCatalogue(products as Product[]);
}

/** A GTIN of 8, 12 or 13 digits is the same number as its 14-digit form. */
function plain(gtin: string): string {
  return /^\d+$/.test(gtin) ? gtin.padStart(14, '0') : gtin;
}

function view(product: Product, language: Language): ProductView {
  const { names } = product;
  return {
    gtin: product.gtin,
    name: names[language] ?? names.en ?? names.de ?? names.fr ?? names.it ?? product.gtin,
    price: product.price,
    unit: product.unit,
    category: product.category,
    ...(product.brand === undefined ? {} : { brand: product.brand }),
    discountable: product.discountable ?? true,
  };
}

function isProduct(value: unknown): value is Product {
  if (typeof value !== 'object' || value === null) return false;
  const { gtin, names, price, unit, category } = value as Record<string, unknown>;
  return (
    typeof gtin === 'string' &&
    typeof names === 'object' &&
    names !== null &&
    Number.isSafeInteger(price) &&
    typeof unit === 'string' &&
    typeof category === 'string'
  );
}
