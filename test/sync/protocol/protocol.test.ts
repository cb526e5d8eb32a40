import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import {
  decodeBatch,
  decodeBatches,
  encodeBatch,
  maxBatchBytes,
  maxBatchJsonBytes,
  readEvent,
} from '../../../sync/protocol/batch.ts';
import { blockCount, cutBlock, decodeBlock, encodeBlock } from '../../../sync/protocol/blocks.ts';
import { chainStart, firstBreak, hashOf } from '../../../sync/protocol/chain.ts';
import { decodeDown, openCommand, signCommand } from '../../../sync/protocol/command.ts';
import { decodeAck, decodeAsk, decodeHqState, decodeState, encodeMessage } from '../../../sync/protocol/messages.ts';
import { decodePeer, encodePeer } from '../../../sync/protocol/peer.ts';
import {
  decodePointer,
  isPointerSigned,
  maxPointerBytes,
  pointerText,
  signPointer,
} from '../../../sync/protocol/pointer.ts';
import { makeSigningKey, readSigningKey, readTrustedKeys } from '../../../sync/protocol/signing.ts';
import {
  hqMayPublish,
  hqSubscriptions,
  parseTopic,
  type Topic,
  tillMayPublish,
  tillMaySubscribe,
  tillSubscriptions,
  topicOf,
} from '../../../sync/protocol/topics.ts';
import type { BundlePointer, TillEvent } from '../../../sync/protocol/types.ts';

const id = fc.stringMatching(/^[a-z0-9-]{1,16}$/);
const address = { tenant: 'demo', store: '0042', till: '3' };

const topic: fc.Arbitrary<Topic> = fc.oneof(
  fc.record({
    kind: fc.constant('till' as const),
    tenant: id,
    store: id,
    till: id,
    channel: fc.constantFrom('up' as const, 'ack' as const, 'state' as const, 'down' as const, 'ask' as const),
  }),
  fc.record({
    kind: fc.constant('store' as const),
    tenant: id,
    store: id,
    channel: fc.constantFrom('pointer' as const, 'blocks' as const, 'peer' as const),
  }),
  fc.record({ kind: fc.constant('ring' as const), tenant: id, ring: id }),
  fc.record({ kind: fc.constant('hq' as const), tenant: id }),
);

function event(seq: number, body: Record<string, unknown> = {}, prev = chainStart): TillEvent {
  const at = '2026-11-21T10:15:00+01:00';
  return { v: 1, type: 'till.note', id: `e${seq}`, seq, at, bundle: null, body, prev };
}

function keys() {
  const made = makeSigningKey();
  const key = readSigningKey(made.privatePem);
  const trusted = readTrustedKeys([made.publicPem]);
  assert.ok(key.ok && trusted.ok);
  return { key: key.value, trusted: trusted.value };
}

const unsigned = {
  id: 'weekly',
  version: 47,
  sha256: 'a'.repeat(64),
  size: 300_000,
  block: 131_072,
  notBefore: '2026-11-21T10:00:00+01:00',
  notAfter: '2026-12-31T23:59:59+01:00',
  ring: 'all',
};

test('a topic reads back as what it was made from', () => {
  fc.assert(fc.property(topic, made => assert.deepEqual(parseTopic(topicOf(made)), { ok: true, value: { ...made } })));
});

test('no id can smuggle a wildcard or a level into a topic', () => {
  for (const bad of ['', '+', '#', 'a/b', 'A', 'ä', 'a b', 'a\u0000', 'x'.repeat(65)])
    assert.throws(() => topicOf({ kind: 'till', tenant: 'demo', store: bad, till: '1', channel: 'up' }), RangeError);
  for (const bad of [
    'tillside/1/demo/t/+/1/up',
    'tillside/1/demo/t/0042/1/up/x',
    'tillside/2/demo/hq/state',
    '$SYS/x',
    '',
  ])
    assert.equal(parseTopic(bad).ok, false);
});

test('a till may write only in its own name, and reads only what is meant for it', () => {
  fc.assert(
    fc.property(topic, made => {
      const text = topicOf(made);
      const own = made.tenant === 'demo' && made.kind === 'till' && made.store === '0042' && made.till === '3';
      const peer = made.tenant === 'demo' && made.kind === 'store' && made.store === '0042' && made.channel === 'peer';
      assert.equal(tillMayPublish(address, text), (own && ['up', 'state', 'ask'].includes(made.channel)) || peer);
      assert.ok(!(tillMayPublish(address, text) && hqMayPublish('demo', text) && made.kind === 'till'));
    }),
  );
  for (const topicName of tillSubscriptions(address, 'all')) assert.ok(tillMaySubscribe(address, topicName), topicName);
  for (const filter of [
    ...hqSubscriptions('demo'),
    '#',
    'tillside/1/demo/t/0042/+/ack',
    'tillside/1/demo/t/0042/4/ack',
  ])
    if (!filter.endsWith('hq/state')) assert.ok(!tillMaySubscribe(address, filter), filter);
});

test('a batch comes out as it went in', () => {
  fc.assert(
    fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 20 }), bodies => {
      const events = bodies.map((body, index) => event(index + 1, JSON.parse(JSON.stringify(body))));
      const bytes = encodeBatch({ till: '3', store: '0042', epoch: 1, boot: 2, events });
      assert.ok(bytes.ok);
      const read = decodeBatch(bytes.value);
      assert.ok(read.ok);
      assert.equal(JSON.stringify(read.value.events), JSON.stringify(events));
      // The hash is over the JSON as sent, so both ends find the same one.
      for (const [index, one] of events.entries())
        assert.equal(hashOf(read.value.events[index] as TillEvent), hashOf(one));
    }),
  );
});

test('batches read together are what each is by itself, whatever stands beside it', () => {
  const whole = fc.nat(3).map(n => {
    const events = Array.from({ length: n }, (_, index) => event(index + 1));
    return gzipSync(JSON.stringify({ till: String(n), store: '0042', epoch: 1, boot: 1, events }));
  });
  const spoiled = fc.oneof(
    fc.tuple(whole, fc.nat()).map(([bytes, n]) => bytes.subarray(0, n % bytes.byteLength)),
    fc.tuple(whole, fc.nat(), fc.nat(255)).map(([bytes, n, value]) => {
      const other = Buffer.from(bytes);
      other[n % other.byteLength] = value;
      return other;
    }),
    fc.tuple(whole, whole).map(pair => Buffer.concat(pair)),
    fc.tuple(whole, fc.uint8Array({ maxLength: 30 })).map(pair => Buffer.concat(pair)),
    // A length that makes good for what stands too much elsewhere.
    fc.tuple(whole, fc.integer({ min: 1, max: 400 })).map(([bytes, more]) => {
      const tail = Buffer.alloc(4);
      tail.writeUInt32LE(bytes.readUInt32LE(bytes.byteLength - 4) + more);
      return Buffer.concat([bytes, tail]);
    }),
    fc.tuple(fc.string({ maxLength: 400 }), whole).map(([text, bytes]) => Buffer.concat([gzipSync(text), bytes])),
    fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(whole, spoiled), { maxLength: 8 }), payloads => {
      assert.deepEqual(decodeBatches(payloads), payloads.map(decodeBatch));
    }),
    { numRuns: 500 },
  );
});

test('a gzip bomb ends at the limit and not at the end of memory', () => {
  // 64 MiB of zeros are about 65 KB of gzip: small on the wire, four times the limit inside.
  const bomb = gzipSync(Buffer.alloc(4 * maxBatchJsonBytes));
  assert.ok(bomb.byteLength < maxBatchBytes);
  const before = process.memoryUsage().rss;
  assert.deepEqual(decodeBatch(bomb), { ok: false, reason: `inflates to more than ${maxBatchJsonBytes} bytes` });
  assert.ok(process.memoryUsage().rss - before < 3 * maxBatchJsonBytes);
  assert.equal(decodeBatch(Buffer.alloc(maxBatchBytes + 1)).ok, false);
  const batch = {
    till: '3',
    store: '0042',
    epoch: 1,
    boot: 1,
    events: [event(1, { text: 'x'.repeat(maxBatchBytes) })],
  };
  const large = gzipSync(JSON.stringify(batch), { level: 0 });
  for (const payload of [bomb, large]) assert.ok(decodeBatches([payload, payload]).every(({ ok }) => !ok));
});

test('one unreadable event does not spoil its batch, and keeps its number', () => {
  const events = [event(1), { ...event(2), type: 'coupon.teleported' }, { seq: 3, v: 9 }, event(4)];
  const read = decodeBatch(gzipSync(JSON.stringify({ till: '3', store: '0042', epoch: 1, boot: 1, events })));
  assert.ok(read.ok);
  assert.deepEqual(
    read.value.events.map(({ seq }) => seq),
    [1, 4],
  );
  assert.deepEqual(
    read.value.unreadable.map(({ seq }) => seq),
    [2, 3],
  );
});

test('an edit, a swap or a hole in the chain of events is seen', () => {
  const chain: TillEvent[] = [];
  for (let seq = 1; seq <= 5; seq++) {
    const last = chain.at(-1);
    chain.push(event(seq, { n: seq }, last === undefined ? chainStart : hashOf(last)));
  }
  assert.equal(firstBreak(chain, chainStart), null);
  const edited = chain.map(one => (one.seq === 2 ? { ...one, body: { n: 99 } } : one));
  assert.equal(firstBreak(edited, chainStart)?.seq, 3);
  assert.equal(
    firstBreak(
      chain.filter(one => one.seq !== 4),
      chainStart,
    )?.seq,
    5,
  );
  assert.equal(firstBreak(chain, 'f'.repeat(64))?.seq, 1);
});

test('the signature of a pointer covers each of its fields', () => {
  const { key, trusted } = keys();
  const pointer = signPointer(key, unsigned);
  assert.ok(isPointerSigned(pointer, trusted));
  assert.ok(encodeMessage(pointer).byteLength < maxPointerBytes);
  const changed: Partial<BundlePointer>[] = [
    { id: 'other' },
    { version: 48 },
    { sha256: 'b'.repeat(64) },
    { size: 300_001 },
    { block: 65_536 },
    { notBefore: '2026-11-20T10:00:00+01:00' },
    { notAfter: '2027-12-31T23:59:59+01:00' },
    { ring: 'pilot' },
    { base: 'c'.repeat(64) },
    { keyId: '0'.repeat(16) },
    { signature: Buffer.alloc(64).toString('base64') },
  ];
  for (const change of changed) assert.ok(!isPointerSigned({ ...pointer, ...change }, trusted), JSON.stringify(change));
  assert.ok(!isPointerSigned(pointer, keys().trusted));
});

test('two different pointers never have the same signed text', () => {
  const text = fc.record({
    id: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,8}$/),
    version: fc.nat(20),
    size: fc.nat(20),
    block: fc.nat(20),
    ring: fc.constantFrom('all', 'store/0042', 'a'),
    base: fc.option(fc.constant('c'.repeat(64)), { nil: undefined }),
  });
  fc.assert(
    fc.property(text, text, ({ base: baseA, ...a }, { base: baseB, ...b }) => {
      const first = { ...unsigned, ...a, ...(baseA === undefined ? {} : { base: baseA }), keyId: 'k' };
      const second = { ...unsigned, ...b, ...(baseB === undefined ? {} : { base: baseB }), keyId: 'k' };
      assert.equal(pointerText(first) === pointerText(second), JSON.stringify(first) === JSON.stringify(second));
    }),
  );
});

test('a key that is not Ed25519 is refused, and so is a text without a key', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const privatePem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  assert.equal(readTrustedKeys([publicPem]).ok, false);
  assert.equal(readTrustedKeys([]).ok, false);
  assert.equal(readTrustedKeys(['nonsense']).ok, false);
  assert.equal(readSigningKey(privatePem).ok, false);
  const two = [makeSigningKey(), makeSigningKey()];
  const read = readTrustedKeys([two.map(({ publicPem: pem }) => pem).join('\n')]);
  assert.equal(read.ok && read.value.size, 2);
});

test('a command is obeyed only by the till it names, only while it is valid, only as it was signed', () => {
  const { key, trusted } = keys();
  const now = Date.parse('2026-11-21T10:00:00Z');
  const sign = () =>
    signCommand(key, address, { kind: 'resend', epoch: 1, from: 7 }, '2026-11-21T09:00:00Z', '2026-11-21T11:00:00Z');
  const sent = decodeDown(encodeMessage(sign()));
  assert.ok(sent.ok && sent.value.kind === 'command');
  const message = sent.value;
  assert.deepEqual(openCommand(message, trusted, address, now), {
    ok: true,
    value: { kind: 'resend', epoch: 1, from: 7 },
  });
  assert.equal(openCommand(message, trusted, { ...address, till: '4' }, now).ok, false);
  assert.equal(openCommand(message, trusted, address, now + 3_600_001).ok, false);
  assert.equal(openCommand(message, trusted, address, now - 3_600_001).ok, false);
  assert.equal(openCommand(message, keys().trusted, address, now).ok, false);
  const edited = { ...message, text: message.text.replace('"from":7', '"from":1') };
  assert.equal(openCommand(edited, trusted, address, now).ok, false);
});

test('a file cut into blocks is whole again, and a changed block is refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 5000 }), fc.integer({ min: 1, max: 700 }), (file, block) => {
      const parts: Uint8Array[] = [];
      for (let index = 0; index < blockCount(file.byteLength, block); index++) {
        const bytes = cutBlock(file, block, index);
        assert.ok(bytes !== null);
        const read = decodeBlock(encodeBlock({ sha256: 'ab'.repeat(32), index, bytes }));
        assert.ok(read.ok && read.value.index === index && read.value.sha256 === 'ab'.repeat(32));
        parts.push(read.value.bytes);
      }
      assert.equal(cutBlock(file, block, parts.length), null);
      assert.deepEqual(Buffer.concat(parts), Buffer.from(file));
      const changed = Buffer.from(encodeBlock({ sha256: 'ab'.repeat(32), index: 0, bytes: parts[0] ?? file }));
      changed[changed.byteLength - 1] = (changed.at(-1) ?? 0) ^ 1;
      assert.equal(decodeBlock(changed).ok, false);
    }),
  );
});

test('messages between tills come out as they went in', () => {
  const at = '2026-11-21T10:15:00+01:00';
  for (const message of [
    { kind: 'coupon.reserved' as const, serial: 'S1', till: '3', saleId: 'A', at },
    { kind: 'coupon.released' as const, serial: 'S1', till: '3', saleId: 'A', at },
    { kind: 'facts' as const, till: '3', epoch: 1, after: 4, upTo: 6, events: [event(5), event(6)] },
    { kind: 'tell-again' as const, till: '3', heard: { '4': { epoch: 1, seq: 9 } } },
  ]) {
    const payload = encodePeer(message);
    assert.ok(payload.ok);
    const read = decodePeer(payload.value);
    assert.ok(read.ok);
    assert.deepEqual(JSON.parse(JSON.stringify(read.value)), message);
  }
  assert.equal(decodePeer(gzipSync(Buffer.alloc(64 * 1024 * 1024))).ok, false);
});

test('no decoder throws, whatever it is given', () => {
  const decoders = [
    decodeBatch,
    decodeAck,
    decodeAsk,
    decodeState,
    decodeHqState,
    decodePointer,
    decodeDown,
    decodeBlock,
    decodePeer,
  ];
  const zipped = (bytes: Uint8Array) => gzipSync(bytes);
  const likely = fc.record(
    {
      kind: fc.constantFrom('pointers', 'command', 'blocks', 'facts', 'tell-again', 'coupon.reserved', 'x'),
      till: fc.oneof(id, fc.anything()),
      store: fc.oneof(id, fc.anything()),
      epoch: fc.oneof(fc.nat(), fc.anything()),
      boot: fc.oneof(fc.nat(), fc.anything()),
      session: fc.oneof(fc.nat(), fc.anything()),
      online: fc.oneof(fc.boolean(), fc.anything()),
      at: fc.oneof(fc.constant('2026-11-21T10:15:00Z'), fc.anything()),
      after: fc.nat(3),
      upTo: fc.nat(9),
      events: fc.oneof(fc.array(fc.anything()), fc.anything()),
      heard: fc.anything(),
      pointers: fc.oneof(fc.array(fc.anything()), fc.anything()),
      contiguous: fc.oneof(fc.nat(), fc.anything()),
      missing: fc.oneof(fc.array(fc.nat()), fc.anything()),
      bundle: fc.anything(),
      bundleRefused: fc.anything(),
      totals: fc.anything(),
      outbox: fc.anything(),
      sha256: fc.anything(),
      indexes: fc.anything(),
    },
    { requiredKeys: [] },
  );
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.json().map(text => Buffer.from(text)),
    likely.map(value =>
      Buffer.from(JSON.stringify(value, (_key, one) => (typeof one === 'bigint' ? String(one) : one)) ?? ''),
    ),
  );
  fc.assert(
    fc.property(payload, bytes => {
      for (const decode of decoders) {
        assert.equal(typeof decode(bytes).ok, 'boolean');
        assert.equal(typeof decode(zipped(bytes)).ok, 'boolean');
      }
    }),
    { numRuns: 400 },
  );
  fc.assert(
    fc.property(fc.anything(), value => {
      assert.equal(typeof readEvent(value).ok, 'boolean');
    }),
  );
});

test('every truncation of a real message is refused or read whole, never half', () => {
  const { key } = keys();
  const batch = encodeBatch({ till: '3', store: '0042', epoch: 1, boot: 1, events: [event(1)] });
  assert.ok(batch.ok);
  const messages: [Uint8Array, (bytes: Uint8Array) => { readonly ok: boolean }][] = [
    [batch.value, decodeBatch],
    [encodeMessage(signPointer(key, unsigned)), decodePointer],
    [encodeMessage({ epoch: 1, contiguous: 3, missing: [5] }), decodeAck],
    [encodeBlock({ sha256: 'ab'.repeat(32), index: 0, bytes: Buffer.from('content') }), decodeBlock],
  ];
  for (const [bytes, decode] of messages) {
    assert.ok(decode(bytes).ok);
    for (let length = 0; length < bytes.byteLength; length++)
      assert.ok(!decode(bytes.subarray(0, length)).ok, `${length}`);
  }
});
