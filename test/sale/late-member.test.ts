import assert from 'node:assert/strict';
import test from 'node:test';
import { factsOf } from '../../agent/store/index.ts';
import type { MemberFacts } from '../../sync/protocol/members-facts.ts';
import { anna, beat, bundleOf, coffee, coreTill, discard } from './core-till.ts';

/** HQ that answers when the test says so: too late for the scan. */
async function tillWithLateHq() {
  const late: ((facts: MemberFacts) => void)[] = [];
  const till = await coreTill({
    members: [beat],
    askMember: async (_card, then) => {
      late.push(then);
      return null;
    },
  });
  const told: string[] = [];
  till.sales.onEvent((name, render) => {
    const value = render('en') as { kind?: string; message?: string; source?: string };
    if (name === 'scan') told.push(`${value.kind} ${value.message} ${value.source}`);
  });
  return { till, told, answer: () => late.at(-1)?.(factsOf(anna, 0)) };
}
const put = { startedAt: '2026-11-21T10:15:00+01:00', lines: [coffee] };

test('a member whom HQ names after the scan joins the open sale: the screen greets, the basket is worked out anew', async () => {
  const { till, told, answer } = await tillWithLateHq();
  till.sales.putSale('S1', put, 'en');
  const scan = await till.sales.scan('S1', { code: '2501000000017' }, 'en');
  assert.equal(scan.kind, 'refused');
  assert.equal(till.sales.getSale('S1', 'en').member, null);
  answer();
  const sale = till.sales.getSale('S1', 'en');
  assert.equal(sale.member?.firstName, 'Anna');
  assert.equal(sale.points?.earned, 8);
  assert.deepEqual(told, ['member Good day, Anna. hq']);
  await discard(till);
});

test('once the sale is over, or another card is in it, the late answer changes nothing; the card is known from then on', async () => {
  const { till, told, answer } = await tillWithLateHq();
  till.sales.putSale('S1', put, 'en');
  await till.sales.scan('S1', { code: '2501000000017' }, 'en');
  await till.sales.scan('S1', { code: '2501000000024' }, 'en');
  answer();
  assert.equal(till.sales.getSale('S1', 'en').member?.firstName, 'Beat');
  till.sales.putSale('S2', put, 'en');
  const again = await till.sales.scan('S2', { code: '2501000000017' }, 'en');
  assert.equal(again.kind, 'member');
  assert.deepEqual(told, []);
  await discard(till);
});

test('a card scanned before the first article and named late waits for the next sale', async () => {
  const { till, told, answer } = await tillWithLateHq();
  await till.sales.deviceScan({ text: '2501000000017', aim: null, symbology: 'EAN13', source: 'scanner' });
  answer();
  assert.deepEqual(told.at(-1), 'member Good day, Anna. hq');
  till.sales.putSale('S1', put, 'en');
  assert.equal(till.sales.getSale('S1', 'en').member?.firstName, 'Anna');
  await discard(till);
});

test('what HQ knows of the past counts with the till’s own: a coupon once, a redemption elsewhere, purchases of another store', async () => {
  const again = {
    id: 'again',
    version: 1,
    phase: 'line' as const,
    benefit: { percent: { permyriad: 1000, of: { category: ['food/coffee'] } } },
    when: { bought: { of: { category: ['food/coffee'] }, withinDays: 30 } },
  };
  const bought = [{ at: '2026-11-10T09:00:00+01:00', saleId: '0017/1/S9', category: 'food/coffee' }];
  const shop = await coreTill({ bundle: bundleOf([again]), members: [{ ...anna, bought }] });
  await shop.sales.scan('S1', { code: '2501000000017' }, 'en');
  shop.sales.putSale('S1', put, 'en');
  assert.equal(shop.sales.getSale('S1', 'en').total.discount, 90);
  await discard(shop);
});
