/**
 * A year of a real grocery chain as sales, catalogue and members, to try bundles on:
 *
 *     node agent/simulate/completejourney.ts DATA_DIR OUT_DIR
 *
 * DATA_DIR holds the tables of the R package completejourney (84.51°, CC0) as `*.csv.gz`. What is odd in them is handled by the
 * rules below and counted in report.json; docs/backtest.md explains them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Member, SaleLine } from '../offers/types.ts';
import { type Row, readCsv } from './csv.ts';

export interface JourneyTables {
  readonly products: readonly Row[];
  readonly transactions: readonly Row[];
  readonly demographics: readonly Row[];
  readonly campaigns: readonly Row[];
  readonly campaignDescriptions: readonly Row[];
}

export interface JourneySale {
  readonly saleId: string;
  readonly storeId: string;
  readonly at: string;
  readonly member: Member;
  readonly lines: readonly SaleLine[];
}

/** The shape of the sample shop's products. */
export interface JourneyProduct {
  readonly gtin: string;
  readonly names: { readonly en: string };
  /** Cents for one `unit`: the median of what was paid; 0 where the sample holds no sale of it. */
  readonly price: number;
  readonly unit: string;
  readonly category: string;
  readonly brand: string;
  readonly discountable: boolean;
}

export interface Journey {
  /** In order of time. */
  readonly sales: readonly JourneySale[];
  readonly catalogue: readonly JourneyProduct[];
  readonly members: readonly Member[];
  readonly report: Readonly<Record<string, number>>;
}

/** Petrol is counted in thousandths of a gallon from so many on; less is a pump's sale as one piece. */
const fuelFrom = 20;
const petrol = /\/gasoline-reg-unleaded$/;
/** No grocery is bought so many times at once; told in the report. */
const manyPieces = 100;
/** Sold without discount: fuel, gift and coupon items, post, donations, tobacco. */
const undiscounted =
  /^(fuel|coupon|postal-center|charitable-cont)(\/|$)|\/(coupon-misc-items|cigarettes|tobacco-other)(\/|$)/;

/** Pure: tables to sales. */
export function convertJourney(tables: JourneyTables): Journey {
  const counts = new Map<string, number>();
  const count = (name: string, by = 1) => counts.set(name, (counts.get(name) ?? 0) + by);
  for (const name of [
    'rowsWithQuantity0',
    'rowsOfFuel',
    'rowsOfUnknownProducts',
    'rowsPaidWithNothing',
    'rowsWithManyPieces',
  ])
    count(name, 0);

  const categories = new Map(tables.products.map(row => [idOf(row.product_id), categoryOf(row)]));
  const brands = new Map(tables.products.map(row => [idOf(row.product_id), brandOf(row)]));
  const members = membersOf(tables);
  const prices = new Map<string, number[]>();
  const baskets = new Map<string, JourneySale & { lines: SaleLine[] }>();

  for (const row of tables.transactions) {
    const [saleId, household, product] = [row.basket_id, row.household_id, row.product_id].map(idOf) as [
      string,
      string,
      string,
    ];
    if (saleId !== row.basket_id || household !== row.household_id || product !== row.product_id)
      count('rowsWithIdsInPowersOfTen');
    count('rows');
    let basket = baskets.get(saleId);
    if (basket === undefined) {
      const member = members.get(household) ?? { id: household, household, language: 'en' };
      members.set(household, member);
      basket = { saleId, storeId: row.store_id ?? '', at: row.transaction_timestamp ?? '', member, lines: [] };
      baskets.set(saleId, basket);
    }
    const amount = cents(row.sales_value);
    const quantity = Number(row.quantity);
    count('cents', amount);
    count('centsOffByTheCard', cents(row.retail_disc));
    count('centsOffByCoupons', cents(row.coupon_disc) + cents(row.coupon_match_disc));
    if (quantity === 0) {
      // Neither bought nor paid: what is left of a void or of a coupon. A quantity of 0 is a fault in a sale.
      count('rowsWithQuantity0');
      count('centsOfQuantity0', amount);
      continue;
    }
    const category = categories.get(product);
    if (category === undefined) count('rowsOfUnknownProducts');
    if (amount === 0) count('rowsPaidWithNothing');
    const fuel = quantity >= fuelFrom && category !== undefined && petrol.test(category);
    if (fuel) count('rowsOfFuel');
    if (quantity >= manyPieces && !fuel) count('rowsWithManyPieces');
    const discountable = !fuel && !(category !== undefined && undiscounted.test(category));
    if (!discountable) count('rowsUndiscounted');
    basket.lines.push({
      lineId: String(basket.lines.length + 1),
      gtin: product,
      quantity: fuel ? (quantity / 1000).toFixed(3) : String(quantity),
      ...(fuel ? { unit: 'gal' } : {}),
      amount,
      ...(category === undefined ? {} : { category }),
      ...(brands.has(product) ? { brand: brands.get(product) ?? '' } : {}),
      ...(discountable ? {} : { discountable }),
    });
    const seen = prices.get(product) ?? [];
    prices.set(product, seen);
    seen.push(Math.round(fuel ? (amount * 1000) / quantity : amount / quantity));
  }
  const sales = [...baskets.values()].sort((a, b) =>
    a.at < b.at ? -1 : a.at > b.at ? 1 : a.saleId < b.saleId ? -1 : 1,
  );
  count('baskets', sales.length);
  count('basketsLeftEmpty', sales.filter(({ lines }) => lines.length === 0).length);
  count(
    'lines',
    sales.reduce((sum, { lines }) => sum + lines.length, 0),
  );
  count('products', tables.products.length);
  count('productsSold', tables.products.filter(row => prices.has(idOf(row.product_id))).length);
  count('categories', new Set(categories.values()).size);
  count('categoryNames', new Set(tables.products.map(row => JSON.stringify(levelsOf(row)))).size);
  count('members', members.size);
  count('membersWithDemographics', tables.demographics.length);
  return {
    sales,
    catalogue: tables.products.map(row => productOf(row, prices)),
    members: [...members.values()],
    report: Object.fromEntries(counts),
  };
}

/** The tables were written by R, which turns a round number into a power of ten: `4.0128e+10` → `40128000000`. */
function idOf(id: string | undefined): string {
  return id !== undefined && /^\d+(\.\d+)?e\+\d+$/.test(id) ? String(Number(id)) : (id ?? '');
}

/** `3.86` → 386; the tables have two decimals at most. */
function cents(dollars: string | undefined): number {
  return Math.round(Number(dollars ?? 0) * 100);
}

function levelsOf({ department, product_category, product_type }: Row): string[] {
  return [department, product_category, product_type].filter(
    (name): name is string => name !== undefined && name !== '',
  );
}

/** Department, category and type, each a level of clean letters: `GROCERY`, `SOFT DRINKS` → `grocery/soft-drinks`. */
export function categoryOf(row: Row): string {
  return levelsOf(row)
    .map(clean)
    .filter(level => level !== '')
    .join('/');
}

/** Lower case; `&` and `+` are words, all else that is neither letter nor digit is one dash. */
export function clean(name: string): string {
  return name
    .toLowerCase()
    .replaceAll('&', ' and ')
    .replaceAll('+', ' plus ')
    .replaceAll('%', ' percent ')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

/** The chain's own label is one brand; others are known by their maker's number only. */
function brandOf({ brand, manufacturer_id }: Row): string {
  return brand === 'Private' ? 'own-label' : `maker-${manufacturer_id}`;
}

function productOf(row: Row, prices: ReadonlyMap<string, readonly number[]>): JourneyProduct {
  const gtin = idOf(row.product_id);
  const paid = [...(prices.get(gtin) ?? [])].sort((a, b) => a - b);
  const category = categoryOf(row);
  const words = [row.product_type || row.product_category || row.department, row.package_size]
    .filter(Boolean)
    .join(' ');
  return {
    gtin,
    names: { en: words.charAt(0) + words.slice(1).toLowerCase() },
    price: paid[Math.floor(paid.length / 2)] ?? 0,
    unit: category.startsWith('fuel') ? 'gal' : 'ea',
    category,
    brand: brandOf(row),
    discountable: !undiscounted.test(category),
  };
}

/** A household is one member. Who was mailed coupons has consented to them, and is in a segment for each type of campaign. */
function membersOf(tables: JourneyTables): Map<string, Member> {
  const types = new Map(
    tables.campaignDescriptions.map(row => [
      row.campaign_id ?? '',
      clean(row.campaign_type ?? '').replace('type-', 'mailed-'),
    ]),
  );
  const mailed = new Map<string, Set<string>>();
  for (const { household_id, campaign_id = '' } of tables.campaigns) {
    const id = idOf(household_id);
    const segments = mailed.get(id) ?? new Set();
    mailed.set(id, segments.add(types.get(campaign_id) ?? 'mailed'));
  }
  const known = new Map(tables.demographics.map(row => [idOf(row.household_id), row]));
  const ids = new Set([...known.keys(), ...mailed.keys()]);
  return new Map(
    [...ids].map((id): [string, Member] => {
      const segments = mailed.get(id);
      const row = known.get(id);
      return [
        id,
        {
          id,
          household: id,
          language: 'en',
          ...(segments === undefined ? {} : { segments: [...segments].sort(), consents: ['coupons'] }),
          ...(row === undefined ? {} : { attributes: attributesOf(row) }),
        },
      ];
    }),
  );
}

function attributesOf(row: Row): Readonly<Record<string, string | number>> {
  const { age, income, home_ownership, marital_status, household_size, household_comp, kids_count } = row;
  const some = (name: string, value: string | undefined) => (value ? { [name]: clean(value) } : {});
  // "5+" persons and "3+" children are counted as 5 and 3.
  const number = (name: string, value: string | undefined) => (value ? { [name]: Number.parseInt(value, 10) } : {});
  return {
    ...some('age', age),
    ...some('income', income),
    ...some('home', home_ownership),
    ...some('married', marital_status),
    ...number('persons', household_size),
    ...some('composition', household_comp),
    ...number('kids', kids_count),
  };
}

export function readJourney(folder: string): JourneyTables {
  const table = (name: string) => readCsv(join(folder, `${name}.csv.gz`));
  return {
    products: table('products'),
    transactions: table('transactions_sample'),
    demographics: table('demographics'),
    campaigns: table('campaigns'),
    campaignDescriptions: table('campaign_descriptions'),
  };
}

/** Writes sales.ndjson, catalogue.json, members.json and report.json. */
export function writeJourney(journey: Journey, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string) => writeFileSync(join(folder, name), `${text}\n`);
  write('sales.ndjson', journey.sales.map(sale => JSON.stringify(sale)).join('\n'));
  write('catalogue.json', JSON.stringify(journey.catalogue));
  write('members.json', JSON.stringify(journey.members));
  write('report.json', JSON.stringify(journey.report, null, 2));
}

if (import.meta.main) {
  const [data, out] = process.argv.slice(2);
  if (data === undefined || out === undefined) {
    process.stderr.write('usage: node agent/simulate/completejourney.ts DATA_DIR OUT_DIR\n');
    process.exitCode = 2;
  } else {
    const journey = convertJourney(readJourney(data));
    writeJourney(journey, out);
    process.stdout.write(`${JSON.stringify(journey.report, null, 2)}\n`);
  }
}
