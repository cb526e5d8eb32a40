import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { type MemberFacts, readMemberFacts } from '../../../sync/protocol/members-facts.ts';
import {
  ContentHash,
  type MemberFileHeader,
  type MemberRecord,
  openMemberFile,
  writeMemberFile,
} from '../../../sync/protocol/members-file.ts';
import { hashOfCard, idOfKey, keyOfMember, spelledKey } from '../../../sync/protocol/members-keys.ts';
import { readMembersCommand } from '../../../sync/protocol/members-messages.ts';
import { cardsOfRow, packMember, rowHasCard, unpackMember } from '../../../sync/protocol/members-row.ts';

const key = fc.nat(Number.MAX_SAFE_INTEGER);
const word = fc.string({ minLength: 1, maxLength: 12 });
const words = ['coupons', 'silver', 'de', 'coffee-lover', 'diet'];
const wordOrKnown = fc.oneof(word, fc.constantFrom(...words));
const date = fc
  .date({ min: new Date('1900-01-01'), max: new Date('2199-12-31'), noInvalidDate: true })
  .map(day => day.toISOString().slice(0, 10));
const instant = fc.oneof(
  fc
    .tuple(
      fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
      fc.integer({ min: -14, max: 14 }),
    )
    .map(
      ([at, hours]) =>
        `${at.toISOString().slice(0, 19)}${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}:00`,
    ),
  fc.constantFrom('2026-11-21T10:15:00Z', '2026-11-21T10:15:00.123+05:45', '2026-11-21T10:15:00-00:00'),
);
const value = fc.oneof(wordOrKnown, fc.boolean(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
const facts: fc.Arbitrary<MemberFacts> = fc
  .record({
    id: fc.oneof(
      key.map(one => idOfKey(one)),
      word,
    ),
    asOf: fc.nat(4e12),
    points: fc.integer({ min: -1e12, max: 1e12 }),
    cards: fc.array(word.map(hashOfCard), { maxLength: 4 }),
    firstName: optional(word),
    household: optional(
      fc.oneof(
        key.map(one => idOfKey(one, 'h')),
        word,
      ),
    ),
    tier: optional(wordOrKnown),
    language: optional(wordOrKnown),
    joined: optional(date),
    birthday: optional(date),
    segments: optional(fc.array(wordOrKnown, { maxLength: 5 })),
    consents: optional(fc.array(wordOrKnown, { maxLength: 3 })),
    attributes: optional(fc.dictionary(word, fc.oneof(value, fc.array(value, { maxLength: 3 })), { maxKeys: 4 })),
    activated: optional(fc.array(wordOrKnown, { maxLength: 2 })),
    coupons: optional(
      fc.array(
        fc.record(
          { offer: wordOrKnown, issuedAt: instant, serial: word, expiresAt: instant, redeemedAt: instant, class: word },
          { requiredKeys: ['offer', 'issuedAt'] },
        ),
        { maxLength: 3 },
      ),
    ),
    bought: optional(
      fc.array(
        fc.record({ at: instant, saleId: word, gtin: word, category: word, brand: word }, { requiredKeys: ['at'] }),
        { maxLength: 3 },
      ),
    ),
  })
  .map(one => JSON.parse(JSON.stringify(one)) as MemberFacts);

const numberOf = (text: string) => {
  const at = words.indexOf(text);
  return at < 0 ? undefined : at;
};

test('a member comes out of its bytes as it went in, and a key as it was spelled', () => {
  fc.assert(
    fc.property(facts, one => {
      const read = readMemberFacts(one);
      assert.ok(read.ok, read.ok ? '' : read.reason);
      const row = packMember(one, numberOf);
      assert.deepEqual(unpackMember(keyOfMember(one.id), row, words), one);
      assert.deepEqual(cardsOfRow(row), one.cards);
      for (const card of one.cards) assert.ok(rowHasCard(row, card));
      assert.ok(!rowHasCard(row, hashOfCard('another card')));
    }),
  );
  fc.assert(
    fc.property(key, one => {
      assert.equal(spelledKey(idOfKey(one)), one);
    }),
  );
});

test('a damaged row is none or another one, and never throws; under another key or dictionary it is none', () => {
  fc.assert(
    fc.property(facts, fc.nat(), fc.nat(255), fc.uint8Array({ maxLength: 60 }), (one, at, byte, noise) => {
      const row = packMember(one, numberOf);
      const hurt = Buffer.from(row);
      hurt[at % hurt.length] = byte;
      unpackMember(keyOfMember(one.id), hurt, words);
      unpackMember(1, noise, words);
      assert.equal(unpackMember(keyOfMember(one.id), row.subarray(0, row.length - 1), words), null);
    }),
  );
});

test('a member with contact data, a stray field or a number that is none is refused', () => {
  const good = { id: 'm1', asOf: 1, points: 0, cards: [] };
  assert.ok(readMemberFacts(good).ok);
  const bad: unknown[] = [
    null,
    [],
    'x',
    { ...good, email: 'anna@example.com' },
    { ...good, points: Number.NaN },
    { ...good, points: 1.5 },
    { ...good, points: 2 ** 60 },
    { ...good, points: '7' },
    { ...good, asOf: -1 },
    { ...good, cards: ['2501000000017'] },
    { ...good, cards: Array.from({ length: 33 }, (_, n) => hashOfCard(String(n))) },
    { ...good, birthday: '1990-02-30' },
    { ...good, birthday: '28.2.1990' },
    { ...good, segments: 'coffee' },
    { ...good, attributes: { spend: Number.POSITIVE_INFINITY } },
    { ...good, attributes: { deep: [['x']] } },
    { ...good, coupons: [{ offer: 'a' }] },
    { ...good, bought: [{ at: 'yesterday' }] },
    { ...good, id: '' },
  ];
  for (const one of bad) assert.equal(readMemberFacts(one).ok, false, JSON.stringify(one));
  fc.assert(
    fc.property(fc.anything(), one => {
      readMemberFacts(one);
    }),
  );
});

const header: MemberFileHeader = { tenant: 'demo', scope: 'store/0042', version: 3, base: null, wordsFrom: 0, words };

function fileOf(records: readonly MemberRecord[], change: Partial<MemberFileHeader> = {}) {
  const parts: Uint8Array[] = [];
  const writer = writeMemberFile({ ...header, ...change }, part => parts.push(Uint8Array.from(part)));
  for (const one of records) writer.add(one.key, one.row);
  const { size, sha256 } = writer.end();
  const bytes = Buffer.concat(parts);
  assert.equal(bytes.length, size);
  assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256);
  return bytes;
}

function readAll(bytes: Uint8Array): { header: MemberFileHeader; records: MemberRecord[] } | string {
  const file = openMemberFile((offset, length) => bytes.subarray(offset, offset + length));
  if (!file.ok) return file.reason;
  const records: MemberRecord[] = [];
  for (let offset = file.value.first; ; ) {
    const segment = file.value.segment(offset);
    if (!segment.ok) return segment.reason;
    if (segment.value.records.length === 0) return { header: file.value.header, records };
    records.push(...segment.value.records);
    offset = segment.value.next;
  }
}

const recordsOf = fc
  .uniqueArray(key, { maxLength: 40 })
  .chain(keys =>
    fc.tuple(
      ...keys
        .sort((a, b) => a - b)
        .map(one => fc.option(fc.uint8Array({ maxLength: 4000 })).map(row => ({ key: one, row }))),
    ),
  );

test('a file gives back its records in segments, whatever their number and size', () => {
  fc.assert(
    fc.property(recordsOf, records => {
      const read = readAll(fileOf(records));
      assert.ok(typeof read === 'object');
      assert.deepEqual(read.header, header);
      assert.deepEqual(
        read.records.map(one => ({ key: one.key, row: one.row && [...one.row] })),
        records.map(one => ({ key: one.key, row: one.row && [...one.row] })),
      );
    }),
    { numRuns: 40 },
  );
});

test('a file that is cut off, changed or packed to burst is refused and never throws', () => {
  fc.assert(
    fc.property(recordsOf, fc.nat(), fc.nat(255), (records, at, byte) => {
      const bytes = fileOf(records);
      assert.equal(typeof readAll(bytes.subarray(0, bytes.length - 1 - (at % (bytes.length - 1)))), 'string');
      const hurt = Buffer.from(bytes);
      hurt[at % hurt.length] = byte;
      readAll(hurt);
    }),
    { numRuns: 40 },
  );
  // 1 GiB of zeros packs to 1 MiB: whether it admits its size or not, no more than a segment's room is unpacked.
  const bomb = deflateRawSync(Buffer.alloc(8 * 1024 * 1024));
  const good = fileOf([]);
  for (const claimed of [8 * 1024 * 1024, 65_536]) {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(claimed, 0);
    head.writeUInt32BE(bomb.length, 4);
    const read = readAll(Buffer.concat([good.subarray(0, good.length - 8), head, bomb, Buffer.alloc(8)]));
    assert.match(String(read), /larger than allowed|can’t be unpacked/);
  }
});

test('keys twice or in the wrong order are refused by writer and reader', () => {
  const row = Buffer.from([0]);
  assert.throws(
    () =>
      fileOf([
        { key: 5, row },
        { key: 5, row },
      ]),
    RangeError,
  );
  assert.throws(
    () =>
      fileOf([
        { key: 5, row },
        { key: 4, row },
      ]),
    RangeError,
  );
  const segment = deflateRawSync(Buffer.from([5, 2, 0, 0, 2, 0]));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(6, 0);
  head.writeUInt32BE(segment.length, 4);
  const good = fileOf([]);
  const read = readAll(Buffer.concat([good.subarray(0, good.length - 8), head, segment, Buffer.alloc(8)]));
  assert.match(String(read), /twice/);
});

test('the content hash tells every difference of rows, keys, order of pieces and dictionary', () => {
  const hash = (of: readonly (readonly [number, string])[], dictionary: readonly string[] = words) => {
    const content = new ContentHash(dictionary);
    for (const [one, row] of of) content.add(one, Buffer.from(row));
    return content.digest();
  };
  const all = [
    hash([
      [1, 'ab'],
      [2, 'c'],
    ]),
    hash([
      [1, 'a'],
      [2, 'bc'],
    ]),
    hash([
      [1, 'ab'],
      [3, 'c'],
    ]),
    hash([[1, 'ab']]),
    hash([]),
    hash(
      [
        [1, 'ab'],
        [2, 'c'],
      ],
      ['other'],
    ),
    hash([
      [1 + 2 ** 32, 'ab'],
      [2 + 2 ** 32, 'c'],
    ]),
  ];
  assert.equal(new Set(all).size, all.length);
  assert.equal(
    hash([
      [1, 'ab'],
      [2, 'c'],
    ]),
    all[0],
  );
});

test('a command that HQ never meant is refused whatever it holds', () => {
  const card = hashOfCard('2501000000017');
  const member = { id: 'm1', asOf: 1, points: 0, cards: [card] };
  assert.ok(readMembersCommand({ kind: 'member', card, member }).ok);
  assert.ok(readMembersCommand({ kind: 'member', card, member: null }).ok);
  assert.equal(readMembersCommand({ kind: 'member', card: hashOfCard('other'), member }).ok, false);
  assert.equal(readMembersCommand({ kind: 'member', card, member: { ...member, phone: '1' } }).ok, false);
  assert.equal(readMembersCommand({ kind: 'erase', erasure: 1.5, member: 'm1' }).ok, false);
  const file = {
    version: 1,
    sha256: 'a'.repeat(64),
    size: 10,
    block: 131_072,
    content: 'b'.repeat(64),
    count: 3,
    base: null,
  };
  const command = { kind: 'members', scope: 'store/0042', until: '2026-12-21T10:15:00Z', files: [file] };
  assert.ok(readMembersCommand(command).ok);
  for (const bad of [
    { size: 2 ** 40 },
    { block: 2 ** 20 },
    { version: 0 },
    { content: 'x' },
    { base: 'x' },
    { count: -1 },
  ])
    assert.equal(readMembersCommand({ ...command, files: [{ ...file, ...bad }] }).ok, false, JSON.stringify(bad));
  assert.equal(readMembersCommand({ ...command, files: Array.from({ length: 25 }, () => file) }).ok, false);
  assert.equal(readMembersCommand({ ...command, scope: 'store/../0042' }).ok, false);
  fc.assert(
    fc.property(
      fc.constantFrom('members', 'member', 'erase'),
      fc.dictionary(fc.constantFrom('scope', 'until', 'files', 'card', 'member', 'erasure'), fc.anything()),
      (kind, rest) => {
        readMembersCommand({ ...rest, kind });
      },
    ),
  );
});
