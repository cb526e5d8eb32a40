/** Coupons that are handed over: what is checked, in which order, and what a coupon does to the next. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundleOf, decisionOf, offer, printing, reasons, saleOf } from './rules.ts';

const never = { any: [] } as const;
const past = { offer: 'c', serial: '1', issuedAt: '2026-11-02T09:00:00+01:00' };

test('the reasons of a coupon come in the order of the contract', () => {
  const all = printing('c', {
    when: never,
    caps: [{ scope: 'store', limit: 0, counts: 'redeemed' }],
    coupon: {
      validDays: 14,
      barcode: 'qr',
      offline: 'accept',
      texts: { de: { title: 'T' } },
      redeemStores: { include: ['9'] },
      redeem: { spend: { atLeast: 2000 } },
    },
  });
  const open = (terms: object) => ({ ...all, coupon: { ...all.coupon, ...terms } }) as typeof all;
  const bad = { offer: 'c', serial: '1', validFrom: '2026-11-22', validTo: '2026-11-20', household: 'h2' };
  const reason = (document: object, coupon: object, more: object = {}) =>
    reasons(decisionOf(bundleOf([document as typeof all]), saleOf({ coupons: [{ ...bad, ...coupon }], ...more })))[0];
  const used = { member: { id: 'm' }, history: { coupons: [{ ...past, redeemedAt: '2026-11-03T09:00:00+01:00' }] } };
  assert.equal(reason(all, {}, used), 'c/1:coupon-used');
  assert.equal(reason(all, {}), 'c/1:coupon-not-yet');
  assert.equal(reason(all, { validFrom: '2026-11-21' }), 'c/1:coupon-expired');
  const today = { validFrom: '2026-11-21', validTo: '2026-11-21' };
  assert.equal(reason(all, today), 'c/1:coupon-bound');
  const bearer = { ...today, household: null };
  assert.equal(reason(all, bearer), 'c/1:coupon-store');
  const here = open({ redeemStores: { include: ['0042'] } });
  assert.equal(reason({ ...here, caps: [{ scope: 'member', limit: 9, counts: 'redeemed' }] }, bearer), 'c/1:no-member');
  assert.equal(reason(here, bearer), 'c/1:coupon-condition');
  const met = open({ redeemStores: { exclude: ['9'] }, redeem: { spend: { atLeast: 1000 } } });
  assert.equal(reason(met, bearer), 'c/1:cap-store');
});

test('schedule, stores, consent, audience and a cap on issues of its offer are not asked of a coupon', () => {
  const c = printing('c', {
    schedule: { to: '2026-11-01' },
    stores: { include: [] },
    consent: 'x',
    audience: never,
    after: { offer: 'c2', outcome: 'issued' },
    caps: [{ scope: 'member', limit: 0 }],
  });
  const decision = decisionOf(
    bundleOf([c], { retiredOffers: ['c2'] }),
    saleOf({ coupons: [{ offer: 'c', serial: '1' }] }),
  );
  assert.deepEqual(decision.applied, [
    { offer: 'c', phase: 'basket', variant: null, serial: '1', amount: 100, lines: [{ lineId: '1', amount: 100 }] },
  ]);
  assert.deepEqual(reasons(decision), ['c:schedule']);
});

test('a coupon handed over twice counts once, the second time it is used', () => {
  const c = printing('c', { when: never });
  const coupons = ['1', '2', '1'].map(serial => ({ offer: 'c', serial }));
  const decision = decisionOf(bundleOf([c]), saleOf({ coupons }));
  assert.deepEqual(
    decision.applied.map(({ serial }) => serial),
    ['1', '2'],
  );
  assert.deepEqual(reasons(decision), ['c/1:coupon-used', 'c:when']);
});

test('the dates on the coupon win over history; history tells only when it expires', () => {
  const bundle = bundleOf([printing('c', { when: never })]);
  const history = { coupons: [{ ...past, expiresAt: '2026-11-21T10:14:59+01:00' }] };
  const sale = (coupon: object) =>
    saleOf({ member: { id: 'm' }, history, coupons: [{ offer: 'c', serial: '1', ...coupon }] });
  assert.equal(reasons(decisionOf(bundle, sale({})))[0], 'c/1:coupon-expired');
  assert.equal(reasons(decisionOf(bundle, sale({ validFrom: '2026-11-01' })))[0], 'c/1:coupon-expired');
  assert.equal(decisionOf(bundle, sale({ validTo: '2026-11-21' })).applied.length, 1);
  const later = { coupons: [{ ...past, expiresAt: '2026-11-21T10:15:00+01:00' }] };
  assert.equal(decisionOf(bundle, { ...sale({}), history: later }).applied.length, 1);
});

test('a coupon bound to a household needs a member of it, one bound to a member without household that member', () => {
  const bundle = bundleOf([printing('c', { when: never })]);
  const applies = (household: string, member: object | null) =>
    decisionOf(bundle, { ...saleOf({ coupons: [{ offer: 'c', serial: '1', household }] }), member }).applied.length ===
    1;
  assert.ok(!applies('h1', null));
  assert.ok(applies('h1', { id: 'm', household: 'h1' }));
  assert.ok(!applies('h1', { id: 'm', household: 'h2' }));
  assert.ok(applies('m', { id: 'm' }));
  assert.ok(!applies('m', { id: 'n' }));
});

test('a coupon keeps the variant it was issued with; an unknown one is the base offer', () => {
  const c = printing('c', {
    when: never,
    experiment: {
      salt: 's',
      holdout: 10_000,
      variants: [{ id: 'v', weight: 1, benefit: { percent: { permyriad: 5000, of: { gtin: ['A'] } } } }],
    },
  });
  const applied = (variant: string | null) =>
    decisionOf(
      bundleOf([c]),
      saleOf({ member: { id: 'm' }, coupons: [{ offer: 'c', serial: '1', variant }] }),
    ).applied.map(each => [each.phase, each.variant, each.amount]);
  assert.deepEqual(applied('v'), [['line', 'v', 500]]);
  assert.deepEqual(applied('zz'), [['basket', null, 100]]);
  assert.deepEqual(applied(null), [['basket', null, 100]]);
});

test('redemptions of this sale count towards the caps of the next coupon, and of the next print', () => {
  const c = printing('c', { caps: [{ scope: 'global', limit: 5, counts: 'redeemed' }] });
  const coupons = ['1', '2'].map(serial => ({ offer: 'c', serial }));
  const decision = decisionOf(bundleOf([c]), saleOf({ coupons, counters: { c: { lease: 1 } } }));
  assert.equal(decision.applied.length, 1);
  assert.deepEqual(reasons(decision), ['c/2:cap-global', 'c:cap-global']);
});

test('a coupon does not keep its own offer from printing the next one', () => {
  const decision = decisionOf(
    bundleOf([printing('c')]),
    saleOf({
      coupons: [
        { offer: 'c', serial: '1' },
        { offer: 'c', serial: '1' },
      ],
    }),
  );
  assert.equal(decision.applied.length, 1);
  assert.deepEqual(
    decision.issue.map(({ offer: id }) => id),
    ['c'],
  );
});

test('an issue offer with trigger coupon prints only beside one of its coupons', () => {
  const c = printing('c', { trigger: 'coupon' });
  assert.deepEqual(reasons(decisionOf(bundleOf([c]), saleOf({}))), ['c:trigger']);
  assert.equal(decisionOf(bundleOf([c]), saleOf({ coupons: [{ offer: 'c', serial: '1' }] })).issue.length, 1);
});

test('coupons of a line offer take the place of its trigger, each with its own answer', () => {
  const c = offer('c', { phase: 'line', trigger: 'coupon', stackable: true, benefit: { amount: { off: 100 } } });
  const coupons = [
    { offer: 'c', serial: '1' },
    { offer: 'c', serial: '2', validTo: '2026-11-20' },
    { offer: 'c', serial: '3', household: 'h' },
    { offer: 'c', serial: '4' },
  ];
  const decision = decisionOf(bundleOf([c]), saleOf({ coupons }));
  assert.deepEqual(
    decision.applied.map(({ serial, amount }) => [serial, amount]),
    [
      ['1', 100],
      ['4', 100],
    ],
  );
  assert.deepEqual(reasons(decision), ['c/2:coupon-expired', 'c/3:coupon-bound']);
  assert.deepEqual(reasons(decisionOf(bundleOf([c]), saleOf({}))), ['c:trigger']);
});

test('a held-out coupon offer of another phase is suppressed once for each coupon, and leaves everything free', () => {
  const held = offer('a', {
    trigger: 'coupon',
    group: 'g',
    exclusive: true,
    experiment: { salt: 's', holdout: 10_000 },
    benefit: { amount: { off: 10 } },
  });
  const other = offer('b', { group: 'g', benefit: { amount: { off: 20 } } });
  const coupons = ['1', '2'].map(serial => ({ offer: 'a', serial }));
  const decision = decisionOf(bundleOf([held, other]), saleOf({ member: { id: 'm' }, coupons }));
  assert.deepEqual(decision.suppressed, [
    { offer: 'a', phase: 'basket', reason: 'holdout', serial: '1' },
    { offer: 'a', phase: 'basket', reason: 'holdout', serial: '2' },
  ]);
  assert.equal(decision.total.discount, 20);
});

test('an offer that takes no coupon makes its coupon unknown, as does one that is retired', () => {
  const bundle = bundleOf([offer('a', { benefit: { amount: { off: 10 } } })], { retiredOffers: ['old'] });
  const coupons = ['a', 'old', 'zz'].map((id, index) => ({ offer: id, serial: String(index) }));
  assert.deepEqual(reasons(decisionOf(bundle, saleOf({ coupons }))), [
    'a/0:coupon-unknown',
    'old/1:coupon-unknown',
    'zz/2:coupon-unknown',
  ]);
});

test('points coupons need a member and are listed with their serial', () => {
  const c = printing('c', { when: never, benefit: { points: { fixed: 30 } } });
  const coupons = [{ offer: 'c', serial: '1' }];
  assert.equal(reasons(decisionOf(bundleOf([c]), saleOf({ coupons })))[0], 'c/1:no-member');
  const decision = decisionOf(bundleOf([c]), saleOf({ coupons, member: { id: 'm', points: 5 } }));
  assert.deepEqual(decision.points, {
    earned: 30,
    balance: 35,
    tierBefore: 'basic',
    tierAfter: 'basic',
    offers: [{ offer: 'c', points: 30, serial: '1' }],
  });
});
