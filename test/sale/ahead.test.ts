/**
 * The customer's part of a decision is worked out when the card is read, the basket's as it grows. Whatever happens between the scan
 * and the total, each decision is the one that would be taken from the till's files as they then stand.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decide, type PreparedMember } from '../../agent/offers/index.ts';
import type { Bundle, Sale } from '../../agent/offers/types.ts';
import { offerEngine } from '../../agent/sale/active-bundle.ts';
import { historyOf, memberOf } from '../../agent/sale/document.ts';
import type { OfferEngine } from '../../agent/sale/index.ts';
import { factsOf, type NewMember } from '../../agent/store/index.ts';
import { isTillsideError } from '../../errors.ts';
import { anySmallWorld, type SmallWorld } from '../conformance/reference/generate.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { bundleOf, type CoreTill, coreTill, discard } from './core-till.ts';

const cards = ['2501000000017', '2501000000024'];
const dayMs = 86_400_000;

/** An engine that compares each decision with one from scratch, and counts those for which something was ready. */
function watching(till: () => CoreTill) {
  const seen = { decisions: 0, ready: 0 };
  let before: PreparedMember | null = null;
  const engine: OfferEngine = {
    ...offerEngine,
    decide(compiled, document, prepared, scanned) {
      const made = decide(compiled, document, prepared, scanned);
      seen.decisions++;
      if (prepared !== null && prepared !== undefined && prepared === before) seen.ready++;
      before = prepared ?? null;
      assert.equal(JSON.stringify(made), JSON.stringify(decide(compiled, fromScratch(till(), document))));
      return made;
    },
  };
  return { engine, seen };
}

/** The same sale with the customer read anew from the files. */
function fromScratch(till: CoreTill, document: Sale): Sale {
  const lines = document.lines.map(line => ({ ...line }));
  const { member: known, history: _, ...rest } = document;
  // By the card: what was read by the id may be kept.
  const card = cards[Number(known?.id.slice(1)) - 1] ?? '';
  const record = known === undefined ? null : till.members.byCard(card);
  const active = till.bundles.active();
  if (known === undefined || record === null || active === null) return { ...rest, lines };
  const member = memberOf(record, till.members, till.store);
  const history = historyOf(member, record, Date.parse(document.at) - dayMs, active, till.store);
  assert.deepEqual(known, member);
  return { ...rest, lines, member, history };
}

const place = fc.nat(5);
const step = fc.record({
  what: fc.constantFrom(
    'put',
    'put',
    'put',
    'card',
    'card',
    'look',
    'complete',
    'complete late',
    'void',
    'return',
    'coupon',
    'coupon out',
    'bundle',
    'a quarter of an hour',
    'midnight',
    'the clock jumps',
    'HQ answers',
    'HQ sends all',
    'erased',
    'points elsewhere',
    'bought elsewhere',
    'rolled back',
  ),
  sale: fc.nat(1),
  one: place,
  other: place,
});
type Step = typeof step extends fc.Arbitrary<infer Kind> ? Kind : never;

function memberFrom({ sale }: SmallWorld, number: number, points = 0): NewMember {
  const { id: _, points: balance = 0, ...facts } = sale.member ?? { id: '' };
  const { coupons = [], bought = [] } = sale.history ?? {};
  return {
    ...facts,
    memberId: `m${number}`,
    firstName: 'A',
    points: balance + points,
    cards: [cards[number - 1] ?? ''],
    // As HQ says it: what is not there is left out.
    coupons: coupons.map(coupon => JSON.parse(JSON.stringify(coupon, (_key, value) => value ?? undefined))),
    bought,
  } as NewMember;
}

/** What a cashier, HQ, other tills and time do to a till between scan and total. */
async function live(till: CoreTill, worlds: readonly SmallWorld[], steps: readonly Step[]) {
  const { sales, store, members, clock } = till;
  const stock = worlds.flatMap(({ sale }) => sale.lines);
  const lines = new Map<string, Sale['lines']>();
  const numbers = [0, 0];
  let version = 1;
  const done: string[] = [];
  for (const [turn, { what, sale, one, other }] of steps.entries()) {
    const saleId = `T${sale}-${numbers[sale]}`;
    const next = () => {
      numbers[sale] = (numbers[sale] ?? 0) + 1;
    };
    const basket = lines.get(saleId) ?? [];
    const member = memberFrom(worlds[one % 2] as SmallWorld, (other % 2) + 1, turn);
    const at = () => store.instant();
    const atMs = clock.now();
    const elsewhere = {
      memberId: member.memberId,
      atMs,
      till: '9',
      saleId: `E${turn}`,
    };
    try {
      switch (what) {
        case 'put': {
          const line = stock[other % Math.max(1, stock.length)];
          const now = line === undefined || (one === 0 && basket.length > 0) ? basket.slice(1) : [...basket, line];
          lines.set(
            saleId,
            now.map((each, index) => ({ ...each, lineId: `L${index}` })),
          );
          sales.putSale(saleId, { startedAt: at(), lines: [...(lines.get(saleId) ?? [])] } as never, 'de');
          break;
        }
        case 'card':
          await sales.scan(saleId, { code: cards[one % 2] ?? '' }, 'de');
          break;
        case 'complete':
        case 'complete late': {
          const completedAt = what === 'complete' ? at() : new Date(atMs + other * 6 * 3_600_000).toISOString();
          sales.complete(saleId, { completedAt, total: 1 }, 'de');
          done.push(saleId);
          next();
          break;
        }
        case 'void':
          if (one === 0 && done.length > 0) sales.voidSale(done.pop() ?? '', 'de');
          else {
            sales.voidSale(saleId, 'de');
            next();
          }
          break;
        case 'return':
          sales.returnLines(`R${turn}`, { saleId: done.at(-1) ?? '', lines: [{ lineId: 'L0', quantity: '1' }] }, 'de');
          break;
        case 'coupon': {
          const printed = done.flatMap(of => store.coupons.ofSale(of, '1'));
          const coupon = printed[other % Math.max(1, printed.length)];
          if (coupon !== undefined) await sales.scan(saleId, { code: till.token(coupon.serial) }, 'de');
          break;
        }
        case 'coupon out':
          for (const { serial } of store.sales.presented(saleId).slice(0, 1)) sales.removeCoupon(saleId, serial, 'de');
          break;
        case 'bundle':
          version++;
          await till.activate(bundleFrom(worlds[one % 2] as SmallWorld, version));
          break;
        case 'a quarter of an hour':
          await clock.advance(900_000 * (1 + other));
          break;
        case 'midnight':
          await clock.advance(dayMs - (atMs % dayMs) - (one % 3) + 1);
          break;
        case 'the clock jumps':
          clock.jump((one - 2) * 3_600_000);
          break;
        case 'HQ answers':
          members.putAnswer(factsOf(member, atMs + turn), atMs);
          break;
        case 'HQ sends all':
          members.importMembers([member, memberFrom(worlds[other % 2] as SmallWorld, (one % 2) + 1)], atMs - one);
          break;
        case 'erased':
          members.hide(member.memberId);
          store.transaction(() => store.ledger.erase(member.memberId));
          break;
        case 'points elsewhere':
          store.transaction(() =>
            store.ledger.addPoints({ ...elsewhere, eventId: `e${turn}`, points: 7 * other, tier: null }),
          );
          break;
        case 'bought elsewhere': {
          const { gtin = null, category = null, brand = null } = stock[other % Math.max(1, stock.length)] ?? {};
          store.transaction(() =>
            store.ledger.addPurchase({ ...elsewhere, lineId: '1', at: at(), gtin, category, brand }),
          );
          break;
        }
        case 'rolled back':
          assert.throws(
            () =>
              store.transaction(() => {
                store.ledger.addPoints({ ...elsewhere, eventId: `e${turn}`, points: 1000, tier: null });
                if (store.sales.get(saleId) !== null) sales.getSale(saleId, 'de');
                throw new RangeError('the disk said no');
              }),
            RangeError,
          );
      }
    } catch (error) {
      // What a till refuses, as a sale that is over, it refuses; that is tested elsewhere.
      if (!isTillsideError(error)) throw error;
    }
    for (const id of [0, 1].map(of => `T${of}-${numbers[of]}`))
      if (store.sales.get(id) !== null) sales.getSale(id, 'de');
    assert.deepEqual(till.faults, []);
  }
}

function bundleFrom({ bundle }: SmallWorld, version: number): Bundle {
  const { cardSchemes = [] } = bundleOf([]);
  return { ...bundle, version, cardSchemes };
}

test('whatever happens between scan and total, what was worked out ahead decides as the files then say', async () => {
  const all = { decisions: 0, ready: 0 };
  await fc.assert(
    fc.asyncProperty(
      anySmallWorld,
      anySmallWorld,
      fc.array(step, { minLength: 6, maxLength: 24 }),
      async (first, second, steps) => {
        const worlds = [first, second];
        const { engine, seen } = watching(() => till);
        const till: CoreTill = await coreTill({
          engine,
          clock: new FakeClock(first.sale.at),
          bundle: bundleFrom(first, 1),
          members: [memberFrom(first, 1), memberFrom(second, 2)],
        });
        try {
          await live(till, worlds, steps);
        } finally {
          all.decisions += seen.decisions;
          all.ready += seen.ready;
          await discard(till);
        }
      },
    ),
    { numRuns: 60 },
  );
  assert.ok(all.ready > all.decisions / 20, 'or nothing of this was tried');
});
