/** Keys, blocks and rollouts over a real line, and what an attacker who may write as HQ at the broker achieves. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { connectAsync } from 'mqtt';
import { bundleCommand } from '../../agent/cli/bundle.ts';
import { isTillsideError } from '../../errors.ts';
import { createBlockStore } from '../../sync/edge/block-store.ts';
import { openTrust } from '../../sync/edge/trust.ts';
import { loadSigningKey } from '../../sync/hq/files.ts';
import type { KeysAnswer, RolloutsAnswer } from '../../sync/hq/wire.ts';
import { silentLog } from '../../sync/link/link.ts';
import { blockCount, cutBlock, encodeBlock } from '../../sync/protocol/blocks.ts';
import { signCommand } from '../../sync/protocol/command.ts';
import { decodeState, encodeMessage } from '../../sync/protocol/messages.ts';
import { maxBlockBytes, signPointer, type UnsignedPointer } from '../../sync/protocol/pointer.ts';
import { makeSigningKey, readSigningKey } from '../../sync/protocol/signing.ts';
import { storeTopic, tillTopic, topicOf } from '../../sync/protocol/topics.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type BrokerKind, type Line, onLine, store, tenant } from './support/line.ts';
import { bundleFile, until } from './support/till-end.ts';

async function run(...args: readonly string[]) {
  const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  let code: number | string;
  try {
    code = await bundleCommand(args, io);
  } catch (error) {
    if (!isTillsideError(error)) throw error;
    code = error.code;
  }
  const text = (stream: PassThrough) => String(stream.read() ?? '');
  return { code, out: text(io.stdout), err: text(io.stderr) };
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Somebody with HQ's name and password at the broker, and none of its keys. */
async function intruder(line: Line) {
  const client = await connectAsync(line.broker.url, {
    ...{ username: 'hq', password: 'hq-secret', clientId: 'intruder', protocolVersion: 4, reconnectPeriod: 0 },
  });
  client.on('error', () => {});
  line.onClose(() => client.endAsync(true));
  return (topic: string, bytes: Uint8Array, retain = false) =>
    client.publishAsync(topic, Buffer.from(bytes), { qos: 1, retain });
}

/** Time goes by a little whenever the machine has had its turn: nobody's patience ends because it is slow. */
const untilPlayed = (clock: FakeClock, holds: () => boolean, what: string) =>
  until(async () => {
    await clock.advance(1);
    return holds();
  }, what);

for (const kind of ['aedes', 'mosquitto'] satisfies BrokerKind[])
  test(`${kind}: one copy of a bundle’s blocks serves the tills of a store`, () =>
    onLine(kind, async line => {
      const clock = new FakeClock(Date.now());
      const hq = line.hq({ clock });
      await hq.start();
      const tills = ['1', '2', '3'].map(id => line.till(id, hq, { clock }));
      const spy = await connectAsync(line.broker.url, { username: 'till-1', password: 'secret-1', protocolVersion: 4 });
      line.onClose(() => spy.endAsync(true));
      let sent = 0;
      spy.on('message', () => {
        sent += 1;
      });
      await spy.subscribeAsync(storeTopic({ tenant, store }, 'blocks'), { qos: 1 });
      for (const { edge } of tills) edge.start();
      await until(() => hq.connected && tills.every(({ edge }) => edge.line().connected), 'all on the line');
      const file = bundleFile(1, 40_000);
      const blocks = blockCount(file.byteLength, maxBlockBytes);
      assert.ok(blocks > 16);
      await hq.publishBundle(file);
      await untilPlayed(clock, () => tills.every(({ bundles }) => bundles.activated.length === 1), 'activation');
      await until(() => sent >= blocks, 'the spy has heard them all');
      // Each till alone would have fetched a copy: three in all.
      assert.ok(sent < 1.5 * blocks, `${sent} blocks sent of a file of ${blocks}`);
    }));

test('a till that starts anew in the middle of a transfer asks for the rest only', () =>
  onLine('aedes', async line => {
    const hq = line.hq();
    await hq.start();
    const file = bundleFile(1, 20_000);
    const blocks = blockCount(file.byteLength, maxBlockBytes);
    const folder = join(line.dir, 'blocks');
    // What a till killed with -9 had: all but two.
    const wanted = { sha256: sha256(file), size: file.byteLength, block: maxBlockBytes };
    const before = createBlockStore(folder, silentLog);
    before.open(wanted);
    for (let index = 0; index < blocks - 2; index++)
      before.put(wanted, index, cutBlock(file, maxBlockBytes, index) ?? assert.fail());
    await hq.publishBundle(file);
    const clock = new FakeClock(Date.now());
    const till = line.till('1', hq, { clock, blocks: createBlockStore(folder, silentLog) });
    const spy = await connectAsync(line.broker.url, { username: 'till-2', password: 'secret-2', protocolVersion: 4 });
    line.onClose(() => spy.endAsync(true));
    let sent = 0;
    spy.on('message', () => {
      sent += 1;
    });
    await spy.subscribeAsync(storeTopic({ tenant, store }, 'blocks'), { qos: 1 });
    till.edge.start();
    await untilPlayed(clock, () => till.bundles.activated.length === 1, 'activation');
    await until(() => sent >= 2, 'the spy has heard both');
    assert.equal(sent, 2);
    assert.deepEqual(Buffer.from(till.bundles.activated[0]?.bytes ?? []), file);
  }));

test('whoever writes as HQ without its keys changes nothing, and HQ sees that it was tried', () =>
  onLine('aedes', async line => {
    const hq = line.hq();
    await hq.start();
    const clock = new FakeClock(Date.now());
    const till = line.till('1', hq, { clock });
    till.edge.start();
    await hq.publishBundle(bundleFile(1));
    await until(async () => {
      await clock.advance(100);
      return till.bundles.activated.length === 1;
    }, 'the genuine one');
    till.outbox.append('till.note', { note: 'one' });
    await until(() => till.outbox.acknowledged() === 1, 'the note');
    const genuine = loadSigningKey(join(line.dir, 'hq', 'signing.key'));
    const oldRoot = loadSigningKey(join(line.dir, 'hq', 'root.key'));
    const foreign = readSigningKey(makeSigningKey().privatePem);
    assert.ok(foreign.ok);
    const post = await intruder(line);
    const evil = bundleFile(9, 100);
    const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
    const content: UnsignedPointer = {
      ...{ id: 'weekly', version: 9, sha256: sha256(evil), size: evil.byteLength, block: maxBlockBytes },
      ...{ notBefore: inDays(-1), notAfter: inDays(30), ring: 'all' },
    };
    const signed = signPointer(genuine, content);
    const to = { tenant, store, till: '1' };
    const order = { kind: 'resend', epoch: 1, from: 1 } as const;
    const command = signCommand(genuine, to, order, inDays(-1), inDays(1));
    assert.ok(command.kind === 'command');
    const pointers = [
      encodeMessage(signPointer(foreign.value, content)),
      encodeMessage({ ...signed, version: 10 }),
      encodeMessage({ ...signed, keyId: oldRoot.keyId }),
      encodeMessage(signPointer(genuine, { ...content, version: 8, notBefore: inDays(-400), notAfter: inDays(-35) })),
      encodeMessage({ ...signed, size: 64 * 1024 * 1024 * 1024 }),
      encodeMessage({ ...signed, size: 64 * 1024 * 1024, block: 1024 }),
      encodeMessage({ ...signed, block: 1 }),
      encodeMessage(signed).subarray(0, 200),
      Buffer.alloc(100_000, '{'),
      Buffer.from('null'),
      randomBytes(3000),
    ];
    const commands = [
      encodeMessage(signCommand(foreign.value, to, order, inDays(-1), inDays(1))),
      encodeMessage(signCommand(genuine, { ...to, till: '2' }, order, inDays(-1), inDays(1))),
      encodeMessage(signCommand(genuine, { ...to, tenant: 'other' }, order, inDays(-1), inDays(1))),
      encodeMessage(signCommand(genuine, to, order, inDays(-400), inDays(-399))),
      encodeMessage({ ...command, text: command.text.replace('"from":1', '"from":0') }),
      encodeMessage(command).subarray(0, 50),
      encodeMessage({ kind: 'pointers', pointers: Array.from({ length: 9 }, () => signed) }),
      encodeMessage({ kind: 'pointers', pointers: [], keys: { certificates: [1], revocations: [] } }),
      Buffer.alloc(200_000, '['),
    ];
    const blocks = [
      encodeBlock({ sha256: sha256(evil), index: 0, bytes: randomBytes(500) }),
      Buffer.concat([encodeBlock({ sha256: sha256(evil), index: 0, bytes: evil.subarray(0, 500) }), Buffer.from('x')]),
      randomBytes(200_000),
    ];
    for (const bytes of pointers) await post(topicOf({ kind: 'ring', tenant, ring: 'all' }), bytes, true);
    for (const bytes of commands) await post(tillTopic(to, 'down'), bytes);
    for (const bytes of blocks) await post(storeTopic({ tenant, store }, 'blocks'), bytes);
    await post(
      topicOf({ kind: 'hq', tenant }),
      encodeMessage({
        online: true,
        boot: 99,
        session: 1,
        at: inDays(0),
        keys: {
          certificates: [],
          revocations: [
            {
              number: 9,
              issuedAt: inDays(0),
              revoked: [genuine.keyId],
              rootId: oldRoot.keyId,
              signature: Buffer.alloc(64).toString('base64'),
            },
          ],
        },
      }),
    );
    const alarms = async () => {
      await clock.advance(1000);
      const answer = await fetch(`${hq.url}/v1/rollouts`, { headers: { authorization: `Bearer ${hq.token}` } });
      return ((await answer.json()) as RolloutsAnswer).alarms;
    };
    // Signatures that are wrong: 3 pointers, 5 commands, 1 set of keys; an ended pointer; more for what stays on the ring.
    await until(async () => Number(/^\d+/.exec((await alarms())[0]?.message ?? '0')?.[0]) >= 9, 'HQ hears of it');
    assert.deepEqual(
      (await alarms()).map(one => [one.store, one.till, one.code]),
      [[store, '1', 'untrusted']],
    );
    const metrics = await fetch(`${hq.url}/metrics`, { headers: { authorization: `Bearer ${hq.token}` } });
    assert.match(await metrics.text(), /tillside_hq_untrusted_messages [1-9]/);
    assert.deepEqual(
      till.bundles.activated.map(({ pointer }) => pointer.version),
      [1],
    );
    // Everything goes on: the next genuine bundle arrives.
    await hq.publishBundle(bundleFile(11));
    await until(async () => {
      await clock.advance(1000);
      return till.bundles.activated.at(-1)?.pointer.version === 11;
    }, 'the next genuine one');
  }));

test('a command that was recorded and shown again is obeyed once', () =>
  onLine('aedes', async line => {
    const hq = line.hq();
    await hq.start();
    const till = line.till('1', hq);
    till.edge.start();
    await until(() => till.edge.line().connected && hq.connected, 'the line');
    till.outbox.append('till.note', { note: 'one' });
    await until(() => till.outbox.acknowledged() === 1, 'the note');
    const key = loadSigningKey(join(line.dir, 'hq', 'signing.key'));
    const to = { tenant, store, till: '1' };
    const at = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
    const recorded = encodeMessage(signCommand(key, to, { kind: 'resend', epoch: 1, from: 1 }, at(-1), at(1)));
    const post = await intruder(line);
    const spy = await connectAsync(line.broker.url, { username: 'till-1', password: 'secret-1', protocolVersion: 4 });
    line.onClose(() => spy.endAsync(true));
    let acknowledged = 0;
    spy.on('message', () => {
      acknowledged += 1;
    });
    await spy.subscribeAsync(tillTopic(to, 'ack'), { qos: 1 });
    for (let time = 0; time < 20; time++) await post(tillTopic(to, 'down'), recorded);
    await until(() => acknowledged > 0, 'it is sent again');
    till.outbox.append('till.note', { note: 'two' });
    await until(() => till.outbox.acknowledged() === 2 && acknowledged >= 2, 'the next note');
    assert.equal(acknowledged, 2);
  }));

test('a stolen signing key: made, certified, revoked and replaced off line; what the thief signs is taken nowhere', () =>
  onLine('aedes', async line => {
    const folder = mkdtempSync(join(tmpdir(), 'tillside-root-'));
    try {
      const at = (name: string) => join(folder, name);
      const keysFile = at('keys.json');
      const root = at('root.key');
      assert.equal((await run('keys', 'root', '--out', root)).code, 0);
      assert.equal((await run('keys', 'root', '--out', root)).code, 'usage');
      const certify = ['keys', 'certify', '--root', root, '--keys', keysFile];
      assert.equal((await run(...certify, '--make', at('first.key'), '--days', '90')).code, 0);
      assert.equal((await run(...certify)).code, 'usage');
      const config = (key: string) => ({
        ...{ tenant, dataDir: join(line.dir, 'hq'), api: { port: 0 } },
        broker: { url: line.broker.url, username: 'hq', password: 'hq-secret' },
        signing: { key: at(key), root: `${root}.pub`, keys: keysFile },
      });
      const hq = line.hq({ config: config('first.key') });
      await hq.start();
      // Away with the root: HQ runs without it.
      renameSync(root, at('in-the-safe.key'));
      const trust = openTrust({
        ...{ roots: readFileSync(`${root}.pub`, 'utf8'), file: at('trust.json') },
        ...{ clock: new FakeClock(Date.now()), log: silentLog },
      });
      const till = line.till('1', hq, { trust });
      till.edge.start();
      await hq.publishBundle(bundleFile(1));
      await until(() => till.bundles.activated.length === 1, 'a bundle of the first key');

      const thief = loadSigningKey(at('first.key'));
      const shown = await run('keys', 'show', '--keys', keysFile, '--trust', `${root}.pub`, '--json');
      assert.equal(JSON.parse(shown.out).keys[0].keyId, thief.keyId);
      await hq.stop();
      const safe = ['--root', at('in-the-safe.key'), '--keys', keysFile];
      assert.equal((await run('keys', 'certify', ...safe, '--make', at('second.key'))).code, 0);
      const second = line.hq({ config: config('second.key') });
      await second.start();
      assert.equal((await run('keys', 'revoke', thief.keyId, ...safe)).code, 0);
      assert.equal((await run('keys', 'revoke', 'nonsense', ...safe)).code, 'usage');
      const where = ['--hq', second.url, '--token-file', join(line.dir, 'hq', 'tokens', 'hq')];
      const told = await run('keys', 'publish', '--keys', keysFile, '--json', ...where);
      assert.equal(told.code, 0);
      const answer = JSON.parse(told.out) as KeysAnswer;
      assert.deepEqual([answer.revocations, answer.revoked, answer.problem], [1, [thief.keyId], null]);
      await until(() => trust.isRevoked(thief.keyId), 'the till knows it');

      const evil = bundleFile(2_000_000);
      const pointer = signPointer(thief, {
        ...{ id: 'weekly', version: 2_000_000, sha256: sha256(evil), size: evil.byteLength, block: maxBlockBytes },
        ...{ notBefore: '2026-01-01T00:00:00Z', notAfter: '2099-01-01T00:00:00Z', ring: 'all' },
      });
      const post = await intruder(line);
      await post(topicOf({ kind: 'ring', tenant, ring: 'all' }), encodeMessage(pointer));
      await until(() => trust.view().untrusted === 1, 'the alarm');
      assert.match(trust.view().last?.reason ?? '', /revoked/);
      await second.publishBundle(bundleFile(2));
      await until(() => till.bundles.activated.at(-1)?.pointer.version === 2, 'a bundle of the second key');

      // A keys file that somebody edited.
      const edited = readFileSync(keysFile, 'utf8').replace(thief.keyId, '0'.repeat(16));
      writeFileSync(keysFile, edited);
      assert.equal((await run('keys', 'publish', '--keys', keysFile, ...where)).code, 'bundle-untrusted');
      assert.equal((await run('keys', 'show', '--keys', keysFile, '--trust', `${root}.pub`)).code, 1);
      assert.match((await run('keys', 'status', ...where)).out, /list 1 revokes/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }));

test('an HQ of before there were roots goes on: what its tills trust becomes the root', () =>
  onLine('aedes', async line => {
    const made = makeSigningKey();
    const first = line.hq();
    await first.stop();
    const data = join(line.dir, 'hq');
    for (const name of ['root.key', 'root.pub', 'keys.json', 'signing.key']) rmSync(join(data, name));
    writeFileSync(join(data, 'signing.key'), made.privatePem, { mode: 0o600 });
    const hq = line.hq();
    assert.equal(hq.publicKey, made.publicPem);
    await hq.start();
    const till = line.till('1', { publicKey: made.publicPem });
    till.edge.start();
    await hq.publishBundle(bundleFile(1));
    await until(() => till.bundles.activated.length === 1, 'activation');
    assert.notEqual(readFileSync(join(data, 'signing.key'), 'utf8'), made.privatePem);
    assert.equal(readFileSync(join(data, 'root.key'), 'utf8'), made.privatePem);
    // Without the root at hand HQ starts all the same.
    rmSync(join(data, 'root.key'));
    assert.equal(line.hq().publicKey, made.publicPem);
  }));

test('rollout, status, stop and rollback by command, over tills that refuse', () =>
  onLine('aedes', async line => {
    const hq = line.hq();
    await hq.start();
    const tills = ['1', '2'].map(id => line.till(id, hq));
    for (const { edge } of tills) edge.start();
    const file = join(line.dir, 'bundle.json');
    const where = ['--hq', hq.url, '--token-file', join(line.dir, 'hq', 'tokens', 'hq')];
    writeFileSync(file, bundleFile(1));
    assert.equal((await run('rollout', file, ...where)).code, 'not-found', 'no till yet');
    await until(() => hq.connected && tills.every(({ edge }) => edge.line().connected), 'the line');
    await until(async () => (await hq.ledger.seenTills()).length === 2, 'HQ knows the tills');
    const begun = await run('rollout', file, '--soak', '0', ...where);
    assert.equal(begun.code, 0, begun.err);
    assert.match(begun.out, /rollout 1: weekly version 1 {2}running/);
    assert.match(begun.out, /1 {2}store 0042 +open +1 +2 /);
    const status = async () => (await run('status', ...where)).out;
    await until(async () => /version 1 {2}done/.test(await status()), 'all rings passed');
    assert.match(await status(), /0042\/1 {2}active/);
    assert.equal((await run('rollout', '--stop', ...where)).code, 'not-found');
    assert.equal((await run('rollout', ...where)).code, 'usage');

    const [first] = tills;
    assert.ok(first !== undefined);
    first.bundles.refuseWith = { ok: false, code: 'bundle-golden', message: 'coffee costs more', faults: [] };
    writeFileSync(file, bundleFile(2));
    assert.equal((await run('rollout', file, '--soak', '0', ...where)).code, 0);
    await until(async () => /version 2 {2}stopped/.test(await status()), 'it stops by itself');
    assert.match(await status(), /0042\/1 {2}bundle-golden: coffee costs more/);
    assert.match((await run('status', '--json', ...where)).out, /"failed":1/);
    writeFileSync(file, bundleFile(2, 5));
    const again = await run('publish', file, ...where);
    assert.match(again.err, /must be above 2; the next one is 3/);
    first.bundles.refuseWith = null;
    const back = await run('rollback', ...where);
    assert.deepEqual(
      [back.code, back.out],
      [0, 'weekly version 3 holds the old content and is published to all tills\n'],
    );
    await until(() => tills.every(({ bundles }) => bundles.current()?.version === 3), 'back');
    assert.deepEqual(
      { ...JSON.parse(Buffer.from(first.bundles.activated.at(-1)?.bytes ?? []).toString()), version: 1 },
      JSON.parse(bundleFile(1).toString()),
    );
  }));

test('a till’s state with what it trusts is read by HQ, whatever stands in it', () => {
  const state = { online: true, boot: 1, session: 1, epoch: 1, at: '2026-11-21T10:15:00Z' };
  for (const trust of [null, 5, {}, { revocations: -1, untrusted: 0 }, { revocations: 0, untrusted: 1, last: 7 }]) {
    const read = decodeState(
      encodeMessage({ ...state, trust, told: trust, bundle: { id: 'a', version: 1, ended: trust } }),
    );
    assert.ok(read.ok);
    assert.deepEqual(read.value.bundle, { id: 'a', version: 1 });
  }
});
