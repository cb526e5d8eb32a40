/** The grocer: 30,000 products in 300 categories of a tree of three levels, 600 brands, 800 stores; what is known of members. */
import { chanceOf } from './chance.ts';

export interface Product {
  readonly gtin: string;
  readonly category: string;
  readonly brand: string;
  /** Of one piece, minor units. */
  readonly price: number;
}

export const departments = Array.from({ length: 12 }, (_, index) => `d${index}`);
/** Five in each department. */
export const aisles = departments.flatMap(department => [0, 1, 2, 3, 4].map(index => `${department}/a${index}`));
/** Five in each aisle: 300. */
export const categories = aisles.flatMap(aisle => [0, 1, 2, 3, 4].map(index => `${aisle}/c${index}`));

export const brands = Array.from({ length: 600 }, (_, index) => `brand-${index}`);
export const segments = Array.from({ length: 400 }, (_, index) => `seg-${index}`);
export const stores = Array.from({ length: 800 }, (_, index) => String(index + 1).padStart(4, '0'));
export const tiers = ['basic', 'silver', 'gold'] as const;
export const consents = ['coupons', 'personal', 'partners'] as const;
export const classes = ['coupon', 'supplier', 'service'] as const;

export const regions = Array.from({ length: 26 }, (_, index) => `region-${index}`);
export const diets = ['vegan', 'vegetarian', 'gluten-free', 'lactose-free', 'organic'] as const;
export const channels = ['app', 'card', 'web'] as const;

/** By popularity: the first is bought most. */
export const products: readonly Product[] = makeProducts();

/** The first product of each hundred, and so on down: what suppliers pay coupons for is mostly what people buy. */
export const productsOf: ReadonlyMap<string, readonly Product[]> = Map.groupBy(products, ({ category }) => category);

function makeProducts(): Product[] {
  const chance = chanceOf(7);
  return Array.from({ length: 30_000 }, (_, index) => {
    const category = chance.one(categories);
    // A brand stands for some neighbouring categories; the first ones are the store's own and stand everywhere.
    const brand = chance.happens(0.25)
      ? chance.below(12)
      : 12 + ((categories.indexOf(category) * 2 + chance.below(6)) % 588);
    return {
      gtin: withCheckDigit(`761${String(index * 29_989 + 12_345_678).padStart(9, '0')}`),
      category,
      brand: brands[brand] ?? 'brand-0',
      price: chance.between(80, 400) + (chance.happens(0.3) ? chance.between(0, 2000) : 0),
    };
  });
}

/** GS1's check digit: weights 3 and 1 from the right. */
function withCheckDigit(digits: string): string {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) sum += Number(digits[index]) * (index % 2 === 0 ? 1 : 3);
  return digits + ((10 - (sum % 10)) % 10);
}
