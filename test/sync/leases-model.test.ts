import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Cap } from '../../agent/offers/types.ts';
import { bundleOf, nextVisit } from '../sale/core-till.ts';
import { noPostgres } from '../support/postgres.ts';
import { emptyPlace, usePostgres } from './hq/ledgers.ts';
import { postgresPlace, sqlitePlace } from './support/hq-places.ts';
import { type HqPlace, type LeaseWorld, leaseWorld, type WorldTill } from './support/lease-world.ts';

usePostgres();

const tills = 3;
const day = 86_400_000;
const index = fc.nat({ max: 5 });

/** Sequences that chance seldom finds. */
const traps = ['older copy', 'void of long ago', 'both days', 'HQ put back'] as const;
/** One thing that happens to a till; `of` are the HQs that hear of it. */
const happening = fc.oneof(
  { weight: 8, arbitrary: fc.record({ what: fc.constant('sell' as const) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('openOrPay' as const) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('void' as const), which: index }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('print' as const),
      which: index,
      end: fc.constantFrom('not-printed' as const, 'print-unknown' as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ what: fc.constant('ask' as const), of: fc.array(index, { minLength: 1, maxLength: 2 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('hear' as const),
      how: fc.constantFrom('arrives' as const, 'arrives' as const, 'lost' as const, 'twice' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('upload' as const),
      of: index,
      count: fc.integer({ min: 1, max: 40 }),
      skip: fc.constantFrom(0, 0, 0, 1, 3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('recall' as const), of: index }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('tend' as const) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('trap' as const), name: fc.constantFrom(...traps) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constantFrom('restart' as const, 'backUp' as const, 'restore' as const, 'lose' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constantFrom('backUpHq' as const, 'putHqBack' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('jump' as const), ms: fc.constantFrom(-day, -3_600_000, 3_600_000, day) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('pass' as const),
      ms: fc.constantFrom(60_000, day / 4, day / 2, day, 8 * day),
    }),
  },
);
const run = fc.array(fc.tuple(fc.nat({ max: tills - 1 }), happening), { minLength: 20, maxLength: 70 });
type Run = typeof run extends fc.Arbitrary<infer T> ? T : never;

async function stockUp(till: WorldTill): Promise<void> {
  for (let n = 0; n < 4; n++) {
    await till.ask([0]);
    till.hear('arrives');
  }
}

async function trap(
  name: (typeof traps)[number],
  world: LeaseWorld,
  till: WorldTill,
  backUpHq: () => Promise<void>,
): Promise<void> {
  if (name === 'HQ put back') await backUpHq();
  await stockUp(till);
  if (name === 'older copy') {
    await till.backUp();
    for (let n = 0; n < 3; n++) await till.sell();
    await till.restore();
    for (let n = 0; n < 3; n++) await till.sell();
  } else if (name === 'void of long ago') {
    await till.sell();
    world.pass(8 * day);
    till.now.leases.tend();
    till.void(0);
  } else if (name === 'HQ put back') {
    for (let n = 0; n < 3; n++) await till.sell();
    // An answer is still on its way when HQ forgets that it gave it.
    await till.ask([1]);
    await world.putHqBack();
    for (const other of world.tills) {
      await stockUp(other);
      for (let n = 0; n < 3; n++) await other.sell();
    }
  } else {
    world.pass(day / 2);
    await stockUp(till);
    for (let n = 0; n < 4; n++) await till.sell();
  }
}

async function play(world: LeaseWorld, place: HqPlace, steps: Run, isKept: () => void): Promise<ReadonlySet<number>> {
  /** Tills that lost what they had at some time: their units of then never come back. */
  const broken = new Set<number>();
  for (const [number, step] of steps) {
    const till = world.tills[number];
    if (till === undefined) continue;
    if (step.what === 'trap' && step.name === 'older copy') broken.add(number);
    if (step.what === 'sell') await till.sell();
    else if (step.what === 'openOrPay') await till.openOrPay();
    else if (step.what === 'void') till.void(step.which);
    else if (step.what === 'print') till.print(step.which, step.end);
    else if (step.what === 'ask') await till.ask(step.of);
    else if (step.what === 'hear') till.hear(step.how);
    else if (step.what === 'upload') await till.upload(step.of, step.count, step.skip);
    else if (step.what === 'recall') await world.desks[step.of % world.desks.length]?.recall('next-visit');
    else if (step.what === 'tend') till.now.leases.tend();
    else if (step.what === 'trap') await trap(step.name, world, till, place.backUp);
    else if (step.what === 'jump') till.jump(step.ms);
    else if (step.what === 'pass') world.pass(step.ms);
    else if (step.what === 'backUpHq') await place.backUp();
    else if (step.what === 'putHqBack') await world.putHqBack();
    else {
      if (step.what === 'restore' || step.what === 'lose') broken.add(number);
      await till[step.what]();
    }
    isKept();
  }
  return broken;
}

async function check(place: HqPlace, cap: Cap, steps: Run) {
  const bundle = bundleOf([{ ...nextVisit, caps: [cap] }], { notAfter: '2030-01-01T00:00:00Z' });
  const world = await leaseWorld(place, bundle, tills);
  try {
    const broken = await play(world, place, steps, () => {
      const days = cap.window === undefined ? new Map([['', world.standing().length]]) : byDay(world);
      for (const [date, issued] of days) assert.ok(issued <= cap.limit, `${issued} of ${cap.limit} ${date}`);
    });
    // All is well again for long: every unit that no coupon has is HQ's, but for those that a lost database had.
    world.pass(20 * day);
    for (const till of world.tills) {
      till.now.leases.tend();
      for (let n = 0; n < 20; n++) await till.upload(0, 500, 0);
    }
    const [sums] = (await world.ledgers[0]?.leaseSums(Number.MAX_SAFE_INTEGER)) ?? [];
    if (sums === undefined || broken.size > 0) return;
    const never = world.tills.flatMap(till => (till.now.store.leases.last() === 0 ? [] : [till]));
    // A grant that never arrived is still on its way to its till.
    const underWay = sums.overdue;
    assert.equal(sums.granted - sums.returned - underWay, sums.used);
    assert.equal(sums.used, world.standing().length);
    if (never.length === 0) assert.equal(sums.granted, underWay);
  } finally {
    await world.close();
  }
}

function byDay(world: LeaseWorld): ReadonlyMap<string, number> {
  const days = new Map<string, number>();
  for (const { day: date } of world.standing()) days.set(date, (days.get(date) ?? 0) + 1);
  return days;
}

const caps = fc.constantFrom<Cap>(
  { scope: 'global', limit: 6 },
  { scope: 'global', limit: 2 },
  { scope: 'global', limit: 3, window: { calendar: 'day' } },
);

test('whatever is lost, doubled, restarted, restored, put back at HQ or dated wrongly, no cap is passed, and unused units come back', () =>
  fc.assert(
    fc.asyncProperty(caps, run, async (cap, steps) => {
      const place = sqlitePlace();
      try {
        await check(place, cap, steps);
      } finally {
        await place.close();
        place.remove();
      }
    }),
    { numRuns: Number(process.env.RUNS ?? 40) },
  ));

test('nor with three HQs on one PostgreSQL', { skip: noPostgres }, () =>
  fc.assert(
    fc.asyncProperty(caps, run, async (cap, steps) => {
      const place = postgresPlace(await emptyPlace());
      try {
        await check(place, cap, steps);
      } finally {
        await place.close();
      }
    }),
    { numRuns: Number(process.env.RUNS ?? 6) },
  ),
);

/** What one till sold of a cap of 6 before HQ's database was put back, and what all hold of it afterwards. */
async function soldAround(place: HqPlace, keepsJournal: boolean): Promise<{ before: number; after: number }> {
  const cap: Cap = { scope: 'global', limit: 6 };
  const world = await leaseWorld(place, bundleOf([{ ...nextVisit, caps: [cap] }]), 2, keepsJournal);
  try {
    const [one, other] = world.tills;
    assert(one !== undefined && other !== undefined);
    await place.backUp();
    for (let n = 0; n < 4; n++) {
      await stockUp(one);
      await one.sell();
    }
    const before = world.standing().length;
    await world.putHqBack();
    // The one that sold is off line, and never tells.
    for (let n = 0; n < 9; n++) {
      await stockUp(other);
      await other.sell();
    }
    return { before, after: world.standing().length };
  } finally {
    await world.close();
  }
}

for (const [kind, open, skip] of [
  ['SQLite', async () => sqlitePlace(), false],
  ['PostgreSQL', async () => postgresPlace(await emptyPlace()), noPostgres],
] as const)
  test(`${kind}: HQ put back from a backup knows its grants by its journal; without one it passes the cap`, {
    skip,
  }, async () => {
    for (const keepsJournal of [true, false]) {
      const place = await open();
      try {
        const { before, after } = await soldAround(place, keepsJournal);
        assert.ok(before >= 3, `${before} sold before`);
        assert.ok(keepsJournal ? after <= 6 : after > 6, `${after} of 6, with a journal: ${keepsJournal}`);
      } finally {
        await place.close();
        place.remove();
      }
    }
  });
