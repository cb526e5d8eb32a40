import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { bundleCommand } from '../../agent/cli/bundle.ts';
import { hqCommand } from '../../agent/cli/hq.ts';
import { isTillsideError } from '../../errors.ts';
import { decodePointer, isPointerSigned } from '../../sync/protocol/pointer.ts';
import { makeSigningKey, readTrustedKeys } from '../../sync/protocol/signing.ts';
import { onLine } from './support/line.ts';
import { bundleFile, saleBody, until } from './support/till-end.ts';

type Run = (args: readonly string[], io: Parameters<typeof bundleCommand>[1]) => Promise<number>;

/** Runs a command; a coded error is told as `tillside.ts` tells it. */
async function run(command: Run, ...args: readonly string[]) {
  const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  let code: number | string;
  try {
    code = await command(args, io);
  } catch (error) {
    if (!isTillsideError(error)) throw error;
    code = error.code;
  }
  const text = (stream: PassThrough) => String(stream.read() ?? '');
  return { code, out: text(io.stdout), err: text(io.stderr) };
}

function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tillside-commands-'));
  return use(folder).finally(() => rmSync(folder, { recursive: true, force: true }));
}

test('check names every fault on a line of standard error and ends with 2', () =>
  inFolder(async folder => {
    const [good, bad] = [join(folder, 'good.json'), join(folder, 'bad.json')];
    writeFileSync(good, bundleFile(1));
    writeFileSync(bad, '{"format":"tillside/bundle/1","offers":[{}]}');
    assert.equal((await run(bundleCommand, 'check', good)).code, 0);
    const faulty = await run(bundleCommand, 'check', bad);
    assert.equal(faulty.code, 2);
    assert.equal(faulty.out, '');
    const lines = faulty.err.trimEnd().split('\n');
    assert.ok(lines.includes('/id: is missing'));
    for (const line of lines) assert.match(line, /^(\/\S*)?: .+/);
    const json = await run(bundleCommand, 'check', good, '--json');
    assert.equal(JSON.parse(json.out).version, 1);
    assert.equal((await run(bundleCommand, 'check', join(folder, 'nothing'))).code, 'usage');
    assert.equal((await run(bundleCommand, 'check')).code, 'usage');
    assert.equal((await run(bundleCommand)).code, 2);
    assert.equal((await run(bundleCommand, '--help')).code, 0);
  }));

test('sign makes a pointer that a till with the public key accepts', () =>
  inFolder(async folder => {
    const key = makeSigningKey();
    const [file, keyFile] = [join(folder, 'bundle.json'), join(folder, 'key.pem')];
    writeFileSync(file, bundleFile(7));
    writeFileSync(keyFile, key.privatePem, { mode: 0o600 });
    const signed = await run(bundleCommand, 'sign', file, '--key', keyFile, '--ring', 'pilot');
    assert.equal(signed.code, 0);
    const pointer = decodePointer(Buffer.from(signed.out));
    const trusted = readTrustedKeys([key.publicPem]);
    assert.ok(pointer.ok && trusted.ok);
    assert.ok(isPointerSigned(pointer.value, trusted.value));
    assert.deepEqual(
      [pointer.value.version, pointer.value.ring, pointer.value.size],
      [7, 'pilot', bundleFile(7).byteLength],
    );
    assert.equal((await run(bundleCommand, 'sign', file)).code, 'usage');
  }));

test('publish and status talk to a running HQ; reconcile says whether it agrees', () =>
  onLine('aedes', async line => {
    const hq = line.hq();
    await hq.start();
    const totals = { upTo: 1, days: [{ day: '2026-11-21', sales: 1, voided: 0, net: 999 }] };
    const till = line.till('1', hq, { stateOf: () => ({ totals }) });
    till.edge.start();
    const file = join(line.dir, 'bundle.json');
    writeFileSync(file, bundleFile(1));
    const where = ['--hq', hq.url, '--token-file', join(line.dir, 'hq', 'tokens', 'hq')];
    const published = await run(bundleCommand, 'publish', file, ...where);
    assert.deepEqual([published.code, published.out], [0, 'weekly version 1 is published to ring all\n']);
    await until(() => till.bundles.activated.length === 1, 'activation');
    await until(
      async () => /0042\/1 {2}active/.test((await run(bundleCommand, 'status', ...where)).out),
      'active in status',
    );
    writeFileSync(file, bundleFile(1, 3));
    const again = await run(bundleCommand, 'publish', file, ...where);
    assert.deepEqual([again.code, again.err], [2, '/version: must be above 1; the next one is 2\n']);

    till.outbox.append('sale.completed', saleBody('S1', 1000));
    await until(() => till.outbox.acknowledged() === 1, 'the sale');
    await until(
      async () => (await run(hqCommand, 'reconcile', ...where)).out.includes('differs'),
      'a difference of one cent',
    );
    const differs = await run(hqCommand, 'reconcile', '--json', ...where);
    assert.equal(differs.code, 1);
    assert.equal(JSON.parse(differs.out).rows[0].verdict, 'differs');
    totals.days = [{ day: '2026-11-21', sales: 1, voided: 0, net: 1000 }];
    till.edge.touch();
    await until(async () => (await run(hqCommand, 'reconcile', ...where)).code === 0, 'agreement');
    const nobody = await run(bundleCommand, 'status', '--hq', 'http://127.0.0.1:1', ...where.slice(2));
    assert.equal(nobody.code, 'not-found');
  }));

test('hq --check names every wrong key', () =>
  inFolder(async folder => {
    const file = join(folder, 'hq.json');
    writeFileSync(file, JSON.stringify({ tenant: 'demo', dataDir: 'data', broker: { url: 'mqtt://127.0.0.1:1883' } }));
    assert.equal((await run(hqCommand, '--config', file, '--check')).code, 0);
    writeFileSync(file, JSON.stringify({ tenant: 'DEMO', dataDir: 'data', brokr: {} }));
    const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    await assert.rejects(hqCommand(['--config', file, '--check'], io), error => {
      assert.ok(isTillsideError(error, 'config-invalid'));
      assert.deepEqual(error.faults.map(({ pointer }) => pointer).sort(), ['/broker', '/brokr', '/tenant']);
      assert.ok(error.faults.some(({ message }) => /did you mean/.test(message)));
      return true;
    });
  }));
