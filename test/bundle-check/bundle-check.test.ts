import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Catalogue } from '../../agent/bundle-check/catalogue.ts';
import { type CheckOptions, checkBundle } from '../../agent/bundle-check/check.ts';
import { MemberFacts } from '../../agent/bundle-check/members.ts';
import { sampleBundle } from '../../agent/demo/shop/bundle.ts';
import { sampleMembers } from '../../agent/demo/shop/members.ts';
import { sampleProducts } from '../../agent/demo/shop/products.ts';
import { validateBundle } from '../../agent/offers/index.ts';
import type { Bundle, CouponTerms, Offer } from '../../agent/offers/types.ts';

const today = '2026-11-21';
const nothingKnown: CheckOptions = {
  at: today,
  columns: 42,
  languages: null,
  catalogue: null,
  members: null,
  text: null,
};

const coffee = { category: ['food/coffee'] };
const coupon: CouponTerms = { validDays: 14, barcode: 'qr', offline: 'accept', texts: { de: { title: 'Kaffee' } } };
const discount = { id: 'a', version: 1, phase: 'line', benefit: { percent: { permyriad: 1000, of: coffee } } } as const;
const printed = {
  id: 'a',
  version: 1,
  phase: 'issue',
  priority: 100,
  benefit: { amount: { off: 100, of: coffee } },
  coupon,
} as const;

function bundleOf(offers: readonly object[], more: object = {}): Bundle {
  const answer = validateBundle({
    format: 'tillside/bundle/1',
    id: 'b',
    version: 1,
    createdAt: '2026-11-20T04:00:00+01:00',
    notAfter: '2026-12-31T23:59:59+01:00',
    currency: 'CHF',
    timezone: 'Europe/Zurich',
    defaultLanguage: 'de',
    loyalty: {
      tiers: [
        { id: 'basic', from: 0 },
        { id: 'silver', from: 1000 },
        { id: 'gold', from: 5000 },
      ],
    },
    retiredOffers: ['old'],
    ...more,
    offers,
  });
  assert.ok(answer.ok, JSON.stringify(answer));
  return answer.bundle;
}

/** "code pointer" of every finding. */
function found(offers: readonly object[], options: Partial<CheckOptions> = {}, more: object = {}): string[] {
  const findings = checkBundle(bundleOf(offers, more), { ...nothingKnown, ...options });
  for (const { message } of findings) assert.match(message, /^[A-Z"].*\.$/);
  return findings.map(({ code, pointer }) => `${code} ${pointer}`);
}

/** Each offer differs from a sound one in one thing, which is never met. */
const never: readonly (readonly [what: string, offer: object, pointer: string])[] = [
  ['an empty any', { ...discount, when: { any: [] } }, '/offers/0/when'],
  ['a list of no values', { ...discount, audience: { attribute: { name: 'diet', in: [] } } }, '/offers/0/audience'],
  ['bounds the wrong way round', { ...discount, when: { spend: { atLeast: 500, atMost: 400 } } }, '/offers/0/when'],
  ['a count below 0', { ...discount, when: { bought: { of: coffee, withinDays: 7, atMost: -1 } } }, '/offers/0/when'],
  ['pieces of nothing', { ...discount, when: { items: { of: { any: [] }, atLeast: 1 } } }, '/offers/0/when'],
  [
    'categories that no product has together',
    { ...discount, when: { items: { of: { all: [coffee, { category: ['food/tea'] }] }, atLeast: 1 } } },
    '/offers/0/when',
  ],
  [
    'a selector without what it selects',
    {
      ...discount,
      when: { spend: { of: { all: [{ category: ['food/coffee/beans'] }, { not: coffee }] }, atLeast: 1 } },
    },
    '/offers/0/when',
  ],
  [
    'more of a part than of the whole',
    { ...discount, when: { all: [{ spend: { atMost: 999 } }, { spend: { of: coffee, atLeast: 1000 } }] } },
    '/offers/0/when/all/1',
  ],
  [
    'a segment and not that segment',
    { ...discount, audience: { segment: 's' }, when: { not: { any: [{ segment: 's' }, { segment: 't' }] } } },
    '/offers/0/when/not/any/0',
  ],
  [
    'not at least and at least',
    { ...discount, when: { all: [{ spend: { atLeast: 500 } }, { not: { spend: { atLeast: 300 } } }] } },
    '/offers/0/when/all/1/not',
  ],
  [
    'a tier below the least one',
    { ...discount, audience: { all: [{ tier: { is: 'basic' } }, { tier: { atLeast: 'silver' } }] } },
    '/offers/0/audience/all/1',
  ],
  [
    'two tiers',
    { ...discount, audience: { all: [{ tier: { is: 'basic' } }, { tier: { is: 'gold' } }] } },
    '/offers/0/audience/all/1',
  ],
  [
    'points both high and low',
    { ...discount, audience: { all: [{ points: { atLeast: 10 } }, { points: { atMost: 9 } }] } },
    '/offers/0/audience/all/1',
  ],
  [
    'a choice of impossible things',
    { ...discount, when: { any: [{ any: [] }, { spend: { atMost: -1 } }] } },
    '/offers/0/when',
  ],
  [
    'an end before the beginning',
    { ...discount, schedule: { from: '2026-12-02', to: '2026-12-01' } },
    '/offers/0/schedule/from',
  ],
  ['no weekday', { ...discount, schedule: { days: [] } }, '/offers/0/schedule/days'],
  ['no time of day', { ...discount, schedule: { times: [] } }, '/offers/0/schedule/times'],
  [
    'a weekday that the dates do not have',
    { ...discount, schedule: { from: '2026-11-23', to: '2026-11-27', days: ['sun'] } },
    '/offers/0/schedule/days',
  ],
  ['a beginning after the bundle', { ...printed, schedule: { from: '2027-01-01' } }, '/offers/0/schedule/from'],
  ['no store', { ...discount, stores: { include: ['1'], exclude: ['1'] } }, '/offers/0/stores'],
  ['a cap of 0', { ...discount, caps: [{ scope: 'store', limit: 0 }] }, '/offers/0/caps/0/limit'],
  [
    'a chain that is too late at once',
    { ...printed, after: { offer: 'old', outcome: 'issued', minDays: 9, maxDays: 8 } },
    '/offers/0/after/minDays',
  ],
  ['0 %', { ...discount, benefit: { percent: { permyriad: 0 } } }, '/offers/0/benefit'],
  ['an amount off nothing', { ...discount, benefit: { amount: { off: 100, of: { gtin: [] } } } }, '/offers/0/benefit'],
];

for (const [what, offer, pointer] of never)
  test(`an offer with ${what} never matches, and the finding stands there`, () => {
    assert.deepEqual(found([offer]), [`never-matches ${pointer}`]);
  });

test('what looks like a contradiction but can be met is no finding', () => {
  const fine: object[] = [
    // A list-valued attribute may have both values.
    { audience: { all: [{ attribute: { name: 'diet', in: ['a'] } }, { attribute: { name: 'diet', in: ['b'] } }] } },
    { when: { all: [{ spend: { of: coffee, atMost: 100 } }, { spend: { atLeast: 500 } }] } },
    {
      when: { all: [{ bought: { of: coffee, withinDays: 7 } }, { bought: { of: coffee, withinDays: 3, atMost: 0 } }] },
    },
    { when: { not: { items: { of: coffee, atLeast: 1, atMost: 2 } } } },
    { schedule: { from: '2026-11-21', to: '2026-11-22', days: ['sun'], times: [{ from: '22:00', to: '02:00' }] } },
    // Without a member both are true.
    { when: { all: [{ not: { points: { atLeast: 5 } } }, { not: { points: { atMost: 5 } } }] } },
    { when: { items: { of: { any: [coffee, { all: [coffee, { brand: ['x'] }] }] }, atLeast: 1 } } },
  ];
  for (const more of fine) assert.deepEqual(found([{ ...discount, ...more }]), [], JSON.stringify(more));
});

test('an offer that an exclusive one always precedes is unreachable', () => {
  const first = { ...discount, id: 'first', exclusive: true };
  const beans = { percent: { permyriad: 500, of: { category: ['food/coffee/beans'] } } };
  assert.deepEqual(found([{ ...discount, id: 'later', benefit: beans, sequence: 1 }, first]), [
    'unreachable /offers/0',
  ]);
  const tea = { percent: { permyriad: 500, of: { category: ['food/tea'] } } };
  assert.deepEqual(found([first, { ...discount, id: 'later', benefit: tea, sequence: 1 }]), []);
  const narrow = { ...first, when: { spend: { atLeast: 2000 } } };
  assert.deepEqual(found([narrow, { ...discount, id: 'later', sequence: 1 }]), []);
  const later = { ...discount, id: 'later', sequence: 1, when: { spend: { of: coffee, atLeast: 3000 } } };
  assert.deepEqual(found([narrow, later]), ['unreachable /offers/1']);
  for (const more of [{ stores: { include: ['1'] } }, { caps: [{ scope: 'store', limit: 9 }] }, { trigger: 'digital' }])
    assert.deepEqual(
      found([
        { ...first, ...more },
        { ...discount, id: 'later', sequence: 1 },
      ]),
      [],
    );
});

test('an offer that always loses in its group is told of, with the winner', () => {
  const cheap = { ...printed, id: 'from-40', group: 'next', priority: 300, when: { spend: { atLeast: 4000 } } };
  const dear = { ...printed, id: 'from-100', group: 'next', priority: 200, when: { spend: { atLeast: 10_000 } } };
  assert.deepEqual(found([cheap, dear]), ['group-always-lost /offers/1/group']);
  assert.deepEqual(found([cheap, { ...dear, priority: 400 }]), []);
  assert.deepEqual(found([cheap, { ...dear, coupon: { ...coupon, category: 'other' } }]), []);
  const [one, two] = [
    { ...discount, id: 'one', group: 'g' },
    { ...discount, id: 'two', group: 'g' },
  ];
  assert.deepEqual(found([two, one]), ['group-always-lost /offers/0/group']);
  assert.deepEqual(found([{ ...two, sequence: -1, audience: { segment: 's' } }, one]), []);
});

test('waiting for what no offer prints is an error; a retired coupon may still be out there', () => {
  const chain = (offer: string) => ({ ...printed, id: 'z', after: { offer, outcome: 'redeemed' } });
  assert.deepEqual(found([discount, chain('a')]), ['chain-without-coupon /offers/1/after/offer']);
  assert.deepEqual(found([discount, chain('old')]), []);
  const counted = { ...printed, id: 'z', when: { not: { received: { offer: 'a', withinDays: 3 } } } };
  assert.deepEqual(found([discount, counted]), ['chain-without-coupon /offers/1/when/not/received/offer']);
});

test('nobody can enter a circle of chains', () => {
  const link = (id: string, offer: string) => ({ ...printed, id, after: { offer, outcome: 'issued' } });
  const offers = [link('a', 'b'), link('b', 'a'), link('c', 'a')] as unknown as Offer[];
  const findings = checkBundle({ ...bundleOf([]), offers }, nothingKnown);
  assert.deepEqual(
    findings.map(({ code, pointer }) => `${code} ${pointer}`),
    ['chain-circle /offers/0/after/offer', 'chain-circle /offers/1/after/offer'],
  );
});

test('a coupon that nobody can redeem, or that gives nothing, is an error', () => {
  const terms = (more: object) => ({ ...printed, coupon: { ...coupon, ...more } });
  assert.deepEqual(found([terms({ redeem: { any: [] } })]), ['never-redeemable /offers/0/coupon/redeem']);
  assert.deepEqual(found([terms({ redeemStores: { include: [] } })]), [
    'never-redeemable /offers/0/coupon/redeemStores',
  ]);
  const empty = {
    ...printed,
    experiment: { salt: 's', variants: [{ id: 'v', weight: 1, benefit: { amount: { off: 0 } } }] },
  };
  assert.deepEqual(found([empty]), ['no-effect /offers/0/experiment/variants/0/benefit']);
});

test('caps, experiments and limits that leave nobody are told of', () => {
  assert.deepEqual(found([{ ...printed, caps: [{ scope: 'global', limit: 0 }] }]), ['cap-zero /offers/0/caps/0/limit']);
  assert.deepEqual(found([{ ...printed, caps: [{ scope: 'global', limit: 9 }] }]), [
    'cap-needs-lease /offers/0/caps/0',
  ]);
  const tried = {
    salt: 's',
    holdout: 10_000,
    variants: [
      { id: 'v', weight: 0 },
      { id: 'w', weight: 1 },
    ],
  };
  assert.deepEqual(found([{ ...printed, experiment: tried }]), [
    'held-out-all /offers/0/experiment/holdout',
    'variant-never /offers/0/experiment/variants/0/weight',
  ]);
  assert.deepEqual(found([printed], {}, { selection: { couponsPerSale: 0 } }), [
    'selection-zero /selection/couponsPerSale',
  ]);
  const policy = { id: 'p', class: 'c', per: 'member', limit: 0, window: { days: 1 } };
  assert.deepEqual(found([{ ...printed, contact: { class: 'c' } }], {}, { contactPolicies: [policy] }), [
    'selection-zero /contactPolicies/0/limit',
  ]);
});

test('percentages without a limit and conditions that ask for nothing are hinted at', () => {
  const percent = (terms: object) => [{ ...discount, phase: 'basket', benefit: { percent: terms } }];
  assert.deepEqual(found(percent({ permyriad: 500 })), ['no-limit /offers/0/benefit/percent']);
  assert.deepEqual(found(percent({ permyriad: 500, maxAmount: 900 })), []);
  assert.deepEqual(found(percent({ permyriad: 10_000, of: coffee })), ['free-without-limit /offers/0/benefit/percent']);
  assert.deepEqual(found([{ ...discount, when: { all: [{ spend: { atLeast: 0 } }] } }]), [
    'always-true /offers/0/when/all/0',
  ]);
});

test('dates are looked at from the day that is given', () => {
  const over = { ...discount, schedule: { to: '2026-11-20' } };
  assert.deepEqual(found([over]), ['schedule-over /offers/0/schedule/to']);
  assert.deepEqual(found([over], { at: '2026-11-20' }), []);
  const night = { ...discount, schedule: { to: '2026-11-20', times: [{ from: '22:00', to: '02:00' }] } };
  assert.deepEqual(found([night]), []);
  assert.deepEqual(found([discount], { at: '2026-12-24' }), []);
  assert.deepEqual(found([discount], { at: '2026-12-25' }), ['bundle-ends-soon /notAfter']);
  assert.deepEqual(found([discount], { at: '2027-01-01' }), ['bundle-over /notAfter']);
  assert.deepEqual(found([discount], { at: '2026-11-19' }), ['bundle-not-yet /createdAt']);
  assert.deepEqual(found([over], { at: null }), []);
});

test('texts are held against the paper and the languages', () => {
  const saying = (texts: object) => [{ ...printed, coupon: { ...coupon, texts } }];
  const word = 'Donaudampfschifffahrtsgesellschaft';
  assert.deepEqual(found(saying({ de: { title: word } })), []);
  assert.deepEqual(found(saying({ de: { title: word } }), { columns: 32 }), [
    'text-too-wide /offers/0/coupon/texts/de/title',
  ]);
  const long = Array.from({ length: 30 }, () => 'Kaffee').join(' ');
  assert.deepEqual(found(saying({ de: { title: long } })), ['text-too-long /offers/0/coupon/texts/de/title']);
  assert.deepEqual(found(saying({ de: { title: 'Kaffee', legal: long } })), []);
  assert.deepEqual(found(saying({ de: { title: 'コーヒー' } })), ['text-unprintable /offers/0/coupon/texts/de/title']);
  assert.deepEqual(found(saying({ de: { title: 'Kaffee' } }), { languages: ['de', 'fr'] }), [
    'language-missing /offers/0/coupon/texts',
  ]);
  const other = { ...printed, id: 'b', coupon: { ...coupon, texts: { de: { title: 'Tee' }, it: { title: 'Tè' } } } };
  assert.deepEqual(found([printed, other]), ['language-missing /offers/0/coupon/texts']);
});

test('a code too wide for the narrowest paper and a picture that is none are told before they go out', () => {
  const showing = (more: object) => [{ ...printed, coupon: { ...coupon, ...more } }];
  const dot =
    'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==';
  assert.deepEqual(found(showing({ barcode: 'code128', image: dot })), []);
  assert.deepEqual(found(showing({ barcode: 'code128' }), { columns: 32 }), ['code-too-wide /offers/0/coupon/barcode']);
  assert.deepEqual(found(showing({ image: 'coffee.png' })), ['picture-unprintable /offers/0/coupon/image']);
  const variants = [{ id: 'a', weight: 1, coupon: { ...coupon, image: 'coffee.png' } }];
  assert.deepEqual(found([{ ...printed, experiment: { salt: 's', variants } }]), [
    'picture-unprintable /offers/0/experiment/variants/0/coupon/image',
  ]);
});

test('a store that may redeem a linear code but prints none is told, as nobody there will know it', () => {
  const redeemed = (barcode: string, more: object = {}) =>
    found([{ ...printed, ...more, coupon: { ...coupon, barcode, redeemStores: { include: ['1', '2', '3'] } } }]);
  const include = '/offers/0/coupon/redeemStores/include';
  for (const barcode of ['ean13', 'code128', 'gs1-128']) {
    assert.deepEqual(redeemed(barcode), []);
    assert.deepEqual(redeemed(barcode, { stores: { include: ['2', '4'] } }), [
      `code-of-store ${include}/0`,
      `code-of-store ${include}/2`,
    ]);
    assert.deepEqual(redeemed(barcode, { stores: { exclude: ['2'] } }), [`code-of-store ${include}/1`]);
  }
  assert.deepEqual(redeemed('qr', { stores: { include: ['2'] } }), []);
});

test('products are held against a catalogue', () => {
  const catalogue = new Catalogue();
  catalogue.add({ gtin: '4006381333931', category: 'food/coffee/beans', brand: 'x' });
  catalogue.add({ gtin: '7610000000016', category: 'food/tea', brand: 'y' });
  const on = (of: object) => [{ ...discount, benefit: { percent: { permyriad: 100, of } } }];
  const at = '/offers/0/benefit/percent/of';
  assert.deepEqual(found(on({ gtin: ['4006381333931'] }), { catalogue }), []);
  assert.deepEqual(found(on({ gtin: ['4006381333931', '4006381333932'] }), { catalogue }), [
    `gtin-unknown ${at}/gtin/1`,
  ]);
  assert.deepEqual(found(on({ gtin: ['4006381333932'] })), [`gtin-check-digit ${at}/gtin/0`]);
  assert.deepEqual(found(on({ category: ['food', 'food/coffee'] }), { catalogue }), []);
  assert.deepEqual(found(on({ any: [{ category: ['food/coffe'] }, { not: { brand: ['z'] } }] }), { catalogue }), [
    `category-unknown ${at}/any/0/category/0`,
    `brand-unknown ${at}/any/1/not/brand/0`,
  ]);
  assert.deepEqual(found(on({ all: [coffee, { brand: ['y'] }] }), { catalogue }), [`selects-nothing ${at}`]);
});

test('audiences are held against the members', () => {
  const members = new MemberFacts();
  members.add({ segments: ['s'], consents: ['coupons'], tier: 'basic', attributes: { diet: ['vegan'], visits: 7 } });
  const asking = (more: object, known: CheckOptions['members'] = { members }) =>
    found([{ ...discount, ...more }], { members: known });
  const attribute = (test: object) => ({ audience: { attribute: test } });
  assert.deepEqual(asking({ audience: { segment: 's' }, consent: 'coupons' }), []);
  assert.deepEqual(asking({ audience: { segment: 'S' }, consent: 'coupon' }), [
    'consent-nobody /offers/0/consent',
    'segment-nobody /offers/0/audience/segment',
  ]);
  assert.deepEqual(asking({ audience: { tier: { is: 'gold' } } }), ['tier-nobody /offers/0/audience/tier/is']);
  assert.deepEqual(asking(attribute({ name: 'diet', in: ['vegan'] })), []);
  assert.deepEqual(asking(attribute({ name: 'diet', in: ['vegan', 'halal'] })), [
    'attribute-value-nobody /offers/0/audience/attribute/in/1',
  ]);
  assert.deepEqual(asking(attribute({ name: 'visits', atLeast: 8 })), [
    'attribute-value-nobody /offers/0/audience/attribute/atLeast',
  ]);
  const names = { attributes: new Set(['diet']) };
  assert.deepEqual(asking(attribute({ name: 'visits', atLeast: 8 }), names), [
    'attribute-nobody /offers/0/audience/attribute/name',
  ]);
  assert.deepEqual(asking({ audience: { segment: 'S' } }, names), []);
});

test('the sample shop has no findings, on any paper', () => {
  const catalogue = new Catalogue();
  for (const product of sampleProducts()) catalogue.add(product);
  const members = new MemberFacts();
  for (const member of sampleMembers(today)) members.add(member);
  for (const columns of [32, 42, 48]) {
    const options = {
      at: today,
      columns,
      languages: ['de', 'fr', 'it', 'en'],
      catalogue,
      members: { members },
      text: null,
    };
    assert.deepEqual(checkBundle(sampleBundle(today), options), []);
  }
});
