import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nameOf, readImport } from '../../../sync/hq/members-import.ts';
import { spelledKey } from '../../../sync/protocol/members-keys.ts';

const rules = { secret: Buffer.alloc(32, 1), names: true, now: Date.parse('2026-11-21T00:00:00Z') };
const good = { id: '4711', cards: ['2501000000017'], points: 120, firstName: 'Anna' };

test('ids become hashes that only HQ’s key can make again, the same every time', () => {
  const read = readImport({ ...good, household: 'h-9' }, rules);
  assert.ok(read.ok && read.value.facts !== null);
  const { id, household, cards } = read.value.facts;
  assert.equal(spelledKey(id), nameOf(rules.secret, '4711').key);
  assert.match(household ?? '', /^h[0-9a-z]{11}$/);
  assert.ok(![id, household, ...cards].some(text => text?.includes('4711') || text?.includes('2501')));
  const other = readImport(good, { ...rules, secret: Buffer.alloc(32, 2) });
  assert.ok(other.ok && other.value.facts !== null && other.value.facts.id !== id);
});

test('contact data is refused wherever it stands, and names stay out where HQ says so', () => {
  for (const bad of [
    { email: 'a@b.ch' },
    { phone: '1' },
    { Phone_Number: '1' },
    { lastName: 'Muster' },
    { street: 'Hauptstrasse 1' },
    { address: {} },
    { plz: '8000' },
    { tier: 'anna@example.com' },
    { firstName: '+41 79 123 45 67' },
    { segments: ['anna@example.com'] },
    { attributes: { email: 'none' } },
    { attributes: { note: 'call 1', contact: '079 123 45 67' } },
    { attributes: { notes: ['write to anna@example.com'] } },
  ]) {
    const read = readImport({ ...good, ...bad }, rules);
    assert.ok(!read.ok, JSON.stringify(bad));
    assert.match(read.reason, /contact data/, JSON.stringify(bad));
  }
  // What campaigns ask for is none of it.
  assert.ok(readImport({ ...good, attributes: { postcode: 8000, region: 'ZH', 'spend-90d': 123_456_789 } }, rules).ok);
  const nameless = readImport(good, { ...rules, names: false });
  assert.ok(nameless.ok && nameless.value.facts?.firstName === undefined);
});

test('a line that is none is refused with what is wrong, and nothing throws', () => {
  for (const bad of [
    {},
    { ...good, id: 7 },
    { ...good, points: Number.NaN },
    { ...good, points: -0.5 },
    { ...good, cards: '2501' },
    { ...good, cards: [''] },
    { ...good, asOf: 'now' },
    { ...good, asOf: '2027-11-21T00:00:00Z' },
    { ...good, home: 'Store 42' },
    { ...good, segment: ['x'] },
    { id: '1', delete: 'yes' },
    { ...good, delete: true },
  ])
    assert.equal(readImport(bad, rules).ok, false, JSON.stringify(bad));
  assert.ok(readImport({ id: '1', delete: true }, rules).ok);
  fc.assert(fc.property(fc.anything(), value => void readImport(value, rules)));
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...Object.keys(good), 'attributes', 'bought', 'coupons', 'home'), fc.anything()),
      value => {
        readImport(value, rules);
      },
    ),
  );
});
