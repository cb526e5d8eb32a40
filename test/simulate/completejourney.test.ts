import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { validateSale } from '../../agent/offers/index.ts';
import { categoryOf, clean, convertJourney, readJourney } from '../../agent/simulate/completejourney.ts';
import { parseCsv } from '../../agent/simulate/csv.ts';

/** A few rows in the tables' own form, with what is odd in them. */
const excerpt = () =>
  convertJourney({
    products: parseCsv(`product_id,manufacturer_id,department,brand,product_category,product_type,package_size
25671,2,GROCERY,National,FRZN ICE,ICE - CRUSHED/CUBED,22 LB
26081,2,MISCELLANEOUS,National,,,
30,69,PASTRY,Private,BREAD,BREAD:ITALIAN/FRENCH,
1e+06,69,FUEL,National,COUPON/MISC ITEMS,GASOLINE-REG UNLEADED,
40,7,DRUG GM,National,CIGARETTES,CIGARETTES,
`),
    transactions:
      parseCsv(`household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_disc,coupon_match_disc,week,transaction_timestamp
7,309,902,25671,2,3.86,0.43,0,0,5,2017-01-28T19:06:53Z
7,309,901,30,1,1.1,0,0.5,0.25,5,2017-01-27T19:06:53Z
7,309,902,30,3,0,0,0,0,5,2017-01-28T19:06:53Z
8,310,4.0128e+10,1000000,9023,25.17,0,0,0,5,2017-01-29T01:06:53Z
8,310,903,77,0,0,0,0,0,5,2017-01-29T01:06:53Z
8,310,904,40,1,5.29,0,0,0,5,2017-01-30T01:06:53Z
8,310,904,77,1,0.1,0,0,0,5,2017-01-30T01:06:53Z
`),
    demographics:
      parseCsv(`household_id,age,income,home_ownership,marital_status,household_size,household_comp,kids_count
7,65+,Under 15K,,Married,5+,2 Adults Kids,3+
`),
    campaigns: parseCsv('campaign_id,household_id\n1,7\n2,7\n1,9\n'),
    campaignDescriptions: parseCsv(
      'campaign_id,campaign_type,start_date,end_date\n1,Type B,2017-03-03,2017-04-09\n2,Type A,2017-03-08,2017-04-09\n',
    ),
  });

test('rows become sales in order of time, amounts in cents, lines in the order of the rows', () => {
  const { sales } = excerpt();
  assert.deepEqual(
    sales.map(({ saleId, storeId, lines }) => [
      saleId,
      storeId,
      lines.map(({ gtin, quantity, amount }) => [gtin, quantity, amount]),
    ]),
    [
      ['901', '309', [['30', '1', 110]]],
      [
        '902',
        '309',
        [
          ['25671', '2', 386],
          ['30', '3', 0],
        ],
      ],
      ['40128000000', '310', [['1000000', '9.023', 2517]]],
      ['903', '310', []],
      [
        '904',
        '310',
        [
          ['40', '1', 529],
          ['77', '1', 10],
        ],
      ],
    ],
  );
  for (const sale of sales) assert.ok(validateSale(sale).ok);
});

test('petrol is gallons without discount, tobacco is without discount, an unknown product has no category', () => {
  const lines = excerpt().sales.flatMap(sale => sale.lines);
  const line = (gtin: string) => lines.find(each => each.gtin === gtin);
  assert.deepEqual(line('1000000'), {
    lineId: '1',
    gtin: '1000000',
    quantity: '9.023',
    unit: 'gal',
    amount: 2517,
    category: 'fuel/coupon-misc-items/gasoline-reg-unleaded',
    brand: 'maker-69',
    discountable: false,
  });
  assert.equal(line('40')?.discountable, false);
  assert.deepEqual(line('77'), { lineId: '2', gtin: '77', quantity: '1', amount: 10 });
});

test('categories are paths of clean ids; own labels are one brand', () => {
  assert.equal(clean('BREAD:ITALIAN/FRENCH'), 'bread-italian-french');
  assert.equal(clean(' FD WRAPS/BAGS & TRSH 50% (BG)'), 'fd-wraps-bags-and-trsh-50-percent-bg');
  assert.equal(categoryOf({ department: 'MISCELLANEOUS', product_category: '', product_type: '' }), 'miscellaneous');
  const bread = excerpt().catalogue.find(({ gtin }) => gtin === '30');
  assert.deepEqual(bread, {
    gtin: '30',
    names: { en: 'Bread:italian/french' },
    price: 110,
    unit: 'ea',
    category: 'pastry/bread/bread-italian-french',
    brand: 'own-label',
    discountable: true,
  });
});

test('a household is a member, with its demographics as attributes and its mailings as segments', () => {
  assert.deepEqual(excerpt().members, [
    {
      id: '7',
      household: '7',
      language: 'en',
      segments: ['mailed-a', 'mailed-b'],
      consents: ['coupons'],
      attributes: {
        age: '65-plus',
        income: 'under-15k',
        married: 'married',
        persons: 5,
        composition: '2-adults-kids',
        kids: 3,
      },
    },
    { id: '9', household: '9', language: 'en', segments: ['mailed-b'], consents: ['coupons'] },
    { id: '8', household: '8', language: 'en' },
  ]);
});

test('what is odd is counted', () => {
  const { report } = excerpt();
  const { rows, lines, baskets, basketsLeftEmpty, cents, rowsWithQuantity0, rowsOfFuel, rowsOfUnknownProducts } =
    report;
  assert.deepEqual(
    { rows, lines, baskets, basketsLeftEmpty, cents, rowsWithQuantity0, rowsOfFuel, rowsOfUnknownProducts },
    {
      rows: 7,
      lines: 6,
      baskets: 5,
      basketsLeftEmpty: 1,
      cents: 3552,
      rowsWithQuantity0: 1,
      rowsOfFuel: 1,
      rowsOfUnknownProducts: 1,
    },
  );
  assert.deepEqual([report.rowsWithIdsInPowersOfTen, report.centsOffByCoupons, report.rowsPaidWithNothing], [1, 75, 1]);
});

test('a table whose rows do not fit its head is refused', () => {
  assert.throws(() => parseCsv('a,b\n1,2\n3\n', 'x.csv'), /x\.csv: row 2 has 1 fields, the head 2/);
  assert.deepEqual(parseCsv('a,b\r\n"1,""x""",\r\n'), [{ a: '1,"x"', b: '' }]);
});

const data = fileURLToPath(new URL('../../../shared/data/completejourney', import.meta.url));

test('the real year comes to its totals, to the cent', {
  skip: existsSync(data) ? false : `${data} is not there`,
}, () => {
  const { sales, catalogue, members, report } = convertJourney(readJourney(data));
  // Summed from the tables by other means: 75,000 rows, 47,243 baskets, 233,935.24 dollars, 416 rows of quantity 0.
  assert.deepEqual([report.rows, sales.length, catalogue.length, members.length], [75_000, 47_243, 92_331, 2379]);
  const sum = sales.reduce((total, { lines }) => total + lines.reduce((all, { amount }) => all + amount, 0), 0);
  assert.deepEqual(
    [sum, report.cents, report.centsOfQuantity0, report.rowsWithQuantity0],
    [23_393_524, 23_393_524, 0, 416],
  );
  assert.equal(members.filter(({ attributes }) => attributes !== undefined).length, 801);
  for (const sale of sales) assert.ok(validateSale(sale).ok, sale.saleId);
  assert.ok(sales.every(({ at }, i) => i === 0 || (sales[i - 1]?.at ?? '') <= at));
});
