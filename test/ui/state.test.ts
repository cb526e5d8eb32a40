import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CouponView, SaleView } from '../../agent/api/wire.ts';
import {
  firstState,
  linesOf,
  newSale,
  type OwnBasket,
  phaseOf,
  type TillState,
  totalsOf,
  withEvent,
  withNotice,
  withSale,
} from '../../ui/till/state.ts';

const basket: OwnBasket = {
  saleId: 'S1',
  startedAt: '2026-11-21T10:00:00+01:00',
  lines: [{ lineId: '1', gtin: '1', name: 'Milk', quantity: '1', unit: 'ea', amount: 200, price: 200 }],
};

test('a discount that the agent gave an older basket is not shown on a newer line', () => {
  const quoted = withSale({ ...firstState, basket }, sale({ discount: 50 }));
  assert.deepEqual(totalsOf(quoted), { initial: 200, discount: 50, net: 150 });
  const [line] = basket.lines;
  assert.ok(line !== undefined);
  const grown = { ...quoted, basket: { ...basket, lines: [{ ...line, quantity: '2', amount: 400 }] } };
  assert.deepEqual(
    linesOf(grown).map(({ discount, net }) => [discount, net]),
    [[0, 400]],
  );
  assert.deepEqual(totalsOf(grown), { initial: 400, discount: 0, net: 400 });
});

test('another program’s sale does not push the cashier’s own off the screen', () => {
  const state = { ...firstState, basket };
  assert.equal(withSale(state, sale({ saleId: 'S9' })), state);
});

test('what the printer told is not undone by an answer that was made before it', () => {
  let state = withSale(firstState, sale({ state: 'completed', coupons: [coupon('A', 'queued')] }));
  state = withEvent(state, 'coupon', coupon('A', 'confirmed'));
  state = withSale(state, sale({ state: 'completed', coupons: [coupon('A', 'queued')] }));
  assert.equal(state.coupons[0]?.print, 'confirmed');
  // A reprint is told by the printer itself and does start again.
  state = withEvent(state, 'coupon', coupon('A', 'queued'));
  assert.equal(state.coupons[0]?.print, 'queued');
});

test('a coupon that still waits for paper stays when the next customer comes; one that is out goes', () => {
  let state = withSale(
    firstState,
    sale({ state: 'completed', coupons: [coupon('A', 'queued'), coupon('B', 'confirmed')] }),
  );
  state = newSale(state);
  assert.deepEqual(
    state.coupons.map(({ serial }) => serial),
    ['A'],
  );
  state = withEvent(state, 'coupon', coupon('A', 'confirmed'));
  assert.equal(state.coupons[0]?.print, 'confirmed', 'and one sees it come out');
});

test('an open view that was overtaken by the completion is not believed', () => {
  const done = withSale(firstState, sale({ state: 'completed' }));
  assert.equal(phaseOf(done), 'done');
  assert.equal(withSale(done, sale({})), done);
});

test('a voided sale leaves the screen; one that was never on it changes nothing', () => {
  const open = withSale(firstState, sale({}));
  assert.equal(phaseOf(withSale(open, sale({ state: 'voided' }))), 'idle');
  assert.equal(withSale(open, sale({ saleId: 'S9', state: 'voided' })), open);
});

test('what went wrong stays readable for 5 seconds, whatever goes well meanwhile', () => {
  const bad = withNotice(firstState, { tone: 'bad', text: 'No', detail: null, at: 1_000 });
  assert.equal(withNotice(bad, { tone: 'good', text: 'Yes', detail: null, at: 5_900 }).notice?.text, 'No');
  assert.equal(withNotice(bad, { tone: 'good', text: 'Yes', detail: null, at: 6_000 }).notice?.text, 'Yes');
  assert.equal(withNotice(bad, { tone: 'bad', text: 'Nor this', detail: null, at: 1_100 }).notice?.text, 'Nor this');
});

test('the steps of a sale: idle, sell, pay, done', () => {
  const state: TillState = { ...firstState, basket };
  assert.equal(phaseOf(firstState), 'idle');
  assert.equal(phaseOf(state), 'sell');
  assert.equal(phaseOf({ ...state, step: 'pay' }), 'pay');
  assert.equal(phaseOf(withSale({ ...state, step: 'pay' }, sale({ state: 'completed' }))), 'done');
});

function sale(change: Partial<SaleView> & { discount?: number }): SaleView {
  const { discount = 0, ...rest } = change;
  const line = { lineId: '1', gtin: '1', name: 'Milk', quantity: '1', unit: 'ea', amount: 200 };
  return {
    saleId: 'S1',
    state: 'open',
    startedAt: '2026-11-21T10:00:00+01:00',
    currency: 'CHF',
    lines: [{ ...line, discount, net: 200 - discount }],
    total: { initial: 200, discount, net: 200 - discount },
    applied: [],
    member: null,
    points: null,
    presented: [],
    willPrint: [],
    coupons: [],
    bundle: null,
    ...rest,
  };
}

function coupon(serial: string, print: CouponView['print']): CouponView {
  return {
    serial,
    offer: 'next',
    title: 'Next',
    state: 'issued',
    print,
    validFrom: '2026-11-22',
    validTo: '2026-12-05',
    saleId: 'S1',
    issuedAt: '2026-11-21T10:00:00+01:00',
    redeemedAt: null,
    replacedBy: null,
    reprints: 0,
  };
}
