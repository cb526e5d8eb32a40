/** The choice of coupons against every possible set. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Candidate, choose, type Limits } from '../../agent/offers/selection.ts';

const candidate = fc.record(
  {
    priority: fc.integer({ min: 1, max: 6 }),
    group: fc.constantFrom('g1', 'g2', 'g3'),
    category: fc.constantFrom('c1', 'c2', 'c3'),
    class: fc.constantFrom('k1', 'k2'),
  },
  { requiredKeys: ['priority'] },
);
const few = fc
  .uniqueArray(fc.constantFrom(...'abcdefghij'), { maxLength: 10 })
  .chain(ids => fc.tuple(...ids.map(id => candidate.map(rest => ({ id, ...rest })))));
const limits: fc.Arbitrary<Limits> = fc.record({
  total: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(Number.POSITIVE_INFINITY)),
  perCategory: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(Number.POSITIVE_INFINITY)),
  classes: fc
    .array(fc.tuple(fc.constantFrom('k1', 'k2'), fc.integer({ min: 0, max: 3 })), { maxLength: 2 })
    .map(list => new Map(list)),
});

function allowed(set: readonly Candidate[], { total, perCategory, classes }: Limits): boolean {
  const most = (key: (each: Candidate) => string | undefined, room: (key: string) => number) =>
    set.every(each => {
      const own = key(each);
      return own === undefined || set.filter(other => key(other) === own).length <= room(own);
    });
  return (
    set.length <= total &&
    most(
      each => each.group,
      () => 1,
    ) &&
    most(
      each => each.category,
      () => perCategory,
    ) &&
    most(
      each => each.class,
      key => classes.get(key) ?? Number.POSITIVE_INFINITY,
    )
  );
}

/** Sum, then fewer, then smaller sorted ids; as a text or number that sorts. */
function better(a: readonly Candidate[], b: readonly Candidate[]): boolean {
  const sum = (set: readonly Candidate[]) => set.reduce((total, each) => total + each.priority, 0);
  if (sum(a) !== sum(b)) return sum(a) > sum(b);
  if (a.length !== b.length) return a.length < b.length;
  const ids = (set: readonly Candidate[]) =>
    set
      .map(each => each.id)
      .sort()
      .join();
  return ids(a) < ids(b);
}

function everySet(candidates: readonly Candidate[], within: Limits): readonly Candidate[] {
  let best: readonly Candidate[] = [];
  for (let mask = 0; mask < 1 << candidates.length; mask++) {
    const set = candidates.filter((_, index) => (mask >> index) & 1);
    if (allowed(set, within) && better(set, best)) best = set;
  }
  return best;
}

test('the choice is the best of all sets', () => {
  fc.assert(
    fc.property(few, limits, (candidates, within) => {
      const ids = (set: readonly Candidate[]) => set.map(each => each.id).sort();
      assert.deepEqual(ids(choose(candidates, within)), ids(everySet(candidates, within)));
    }),
    { numRuns: 1000 },
  );
});

test('the order in which candidates come is nothing', () => {
  fc.assert(
    fc.property(few, limits, (candidates, within) => {
      assert.deepEqual(choose(candidates.toReversed(), within), choose(candidates, within));
    }),
    { numRuns: 300 },
  );
});

/** Numbers from 0 to 1 that are the same in every run. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

for (const [name, priorities, total] of [
  ['of a thousand priorities', 1000, 3],
  ['of three priorities', 3, 4],
  ['of one priority', 1, 10],
] as const)
  test(`10,000 candidates ${name} are chosen from, within the limits, no worse than one after the other`, () => {
    const next = sequence(7);
    const candidates = Array.from({ length: 10_000 }, (_, index) => ({
      id: `o${index}`,
      priority: 1 + Math.floor(next() * priorities),
      group: `g${Math.floor(next() * 50)}`,
      category: `c${Math.floor(next() * 300)}`,
      class: `k${Math.floor(next() * 3)}`,
    }));
    const within = { total, perCategory: 1, classes: new Map([['k0', 1]]) };
    const chosen = choose(candidates, within);
    assert.ok(allowed(chosen, within));
    const greedy: Candidate[] = [];
    for (const each of candidates.toSorted((a, b) => b.priority - a.priority))
      if (allowed([...greedy, each], within)) greedy.push(each);
    assert.ok(!better(greedy, chosen));
  });

test('without a total, three kinds of limits that all bind are still solved', () => {
  const next = sequence(11);
  const candidates = Array.from({ length: 100 }, (_, index) => ({
    id: `o${index}`,
    priority: 1 + Math.floor(next() * 1000),
    group: `g${Math.floor(next() * 10)}`,
    category: `c${Math.floor(next() * 10)}`,
    class: `k${Math.floor(next() * 10)}`,
  }));
  const within = {
    total: Number.POSITIVE_INFINITY,
    perCategory: 1,
    classes: new Map(Array.from({ length: 10 }, (_, index) => [`k${index}`, 1] as const)),
  };
  assert.ok(allowed(choose(candidates, within), within));
});

test('thousands of equally good coupons under dozens of limits end with a good set that keeps every limit, the same each time', () => {
  const candidates = Array.from({ length: 3000 }, (_, index) => ({
    id: `o${String(index).padStart(4, '0')}`,
    priority: 1,
    group: `g${(index * 7) % 30}`,
    category: `c${(index * 11 + (index >> 3)) % 30}`,
    class: `k${(index * 13 + (index >> 5)) % 30}`,
  }));
  const limits = {
    total: Number.POSITIVE_INFINITY,
    perCategory: 1,
    classes: new Map(Array.from({ length: 30 }, (_, index) => [`k${index}`, 1 + (index % 3)])),
  };
  const chosen = choose(candidates, limits);
  assert.deepEqual(choose(candidates, limits), chosen);
  for (const kind of ['group', 'category'] as const)
    assert.equal(new Set(chosen.map(each => each[kind])).size, chosen.length);
  for (const [name, room] of limits.classes) assert(chosen.filter(each => each.class === name).length <= room);
  assert(chosen.length >= 25, `${chosen.length} chosen`);
});
