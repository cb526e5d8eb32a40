import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Writable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { doctorCommand } from '../../agent/cli/doctor.ts';
import { checkCertificate, type Finding } from '../../agent/cli/doctor-checks.ts';
import { openStore } from '../../agent/store/index.ts';
import { systemClock } from '../../clock.ts';
import { isTillsideError } from '../../errors.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { onLine, tenant } from '../sync/support/line.ts';
import { until } from '../sync/support/till-end.ts';

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'tillside-doctor-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function doctor(config: string): Promise<{ code: number; findings: readonly Finding[] }> {
  let out = '';
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      out += chunk;
      done();
    },
  });
  const io = { stdin: process.stdin, stdout, stderr: stdout };
  const code = await doctorCommand(['--config', config, '--json'], io);
  return { code, findings: (JSON.parse(out) as { findings: Finding[] }).findings };
}

const stateOf = (findings: readonly Finding[], check: string) => findings.find(one => one.check === check)?.state;

function tillConfig(dir: string, change: object = {}): string {
  const file = join(dir, 'till.json');
  const document = { tenant: 'demo', store: '0042', till: '3', dataDir: './data', api: { port: 1 }, ...change };
  writeFileSync(file, JSON.stringify(document));
  return file;
}

function makeStore(dir: string) {
  const data = join(dir, 'data');
  mkdirSync(data, { mode: 0o700 });
  const address = { tenant: 'demo', store: '0042', till: '3' };
  openStore({ path: join(data, 'till.sqlite'), address, clock: new FakeClock() }).close();
  return data;
}

test('a till that does not run is looked at from outside: files, disk, database; exit code 0 while nothing is ill', async t => {
  const dir = folder(t);
  makeStore(dir);
  const { code, findings } = await doctor(tillConfig(dir));
  assert.equal(code, 0, JSON.stringify(findings));
  assert.deepEqual(
    ['data folder', 'secrets', 'database', 'broker', 'till'].map(check => stateOf(findings, check)),
    ['well', 'well', 'well', 'warn', 'warn'],
  );
});

test('a damaged database, a secret that others may read and a broker that nobody runs are ill, each with what to do', async t => {
  const dir = folder(t);
  const data = makeStore(dir);
  writeFileSync(join(data, 'till.sqlite'), 'no database', { mode: 0o600 });
  writeFileSync(join(dir, 'password'), 'secret');
  chmodSync(join(dir, 'password'), 0o644);
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  assert.ok(typeof address === 'object' && address !== null);
  const broker = { url: `mqtt://127.0.0.1:${address.port}`, username: 'till', password: 'file:password' };
  const { code, findings } = await doctor(tillConfig(dir, { broker }));
  assert.equal(code, 1);
  for (const check of ['database', 'secrets', 'broker']) assert.equal(stateOf(findings, check), 'ill', check);
  for (const { state, fix } of findings) assert.equal(fix === null, state === 'well');
  assert.doesNotMatch(JSON.stringify(findings), /"secret"/);
});

test('HQ is looked at by its own file; a wrong file is exit code 2 for the caller', async t => {
  const dir = folder(t);
  const file = join(dir, 'hq.json');
  writeFileSync(
    file,
    JSON.stringify({ tenant: 'demo', dataDir: 'hq', api: { port: 1 }, broker: { url: 'mqtt://127.0.0.1:1' } }),
  );
  const { code, findings } = await doctor(file);
  assert.equal(code, 1);
  assert.deepEqual([stateOf(findings, 'broker'), stateOf(findings, 'HQ')], ['ill', 'warn']);
  writeFileSync(file, JSON.stringify({ tenant: 'demo', dataDir: 'hq', brokr: 1 }));
  await assert.rejects(doctor(file), error => isTillsideError(error, 'config-invalid'));
});

test('HQ that runs is held against its tills: whose clock is wrong, and how many of them are behind and why', () =>
  onLine('aedes', async line => {
    // Eleven minutes ahead of everybody.
    const clock = { ...systemClock, now: () => Date.now() + 660_000 };
    const hq = line.hq({ clock });
    await hq.start();
    const tills = ['1', '2', '3'].map(id => line.till(id, hq));
    for (const { edge } of tills) edge.start();
    const file = join(line.dir, 'hq.json');
    const [dataDir, port] = ['hq', Number(new URL(hq.url).port)];
    writeFileSync(file, JSON.stringify({ tenant, dataDir, api: { port }, broker: { url: line.broker.url } }));
    const found = async (check: string) => (await doctor(file)).findings.filter(one => one.check === check);
    await until(
      async () => (await found('clock')).some(one => /the middle of 3 tills/.test(one.found)),
      'their clocks',
    );
    const [ahead] = await found('clock');
    assert.equal(ahead?.state, 'ill');
    assert.match(ahead?.found ?? '', /^6[56]\d s ahead of the middle of 3 tills$/);
    assert.deepEqual(
      (await found('tills')).map(one => one.found),
      ['3, nothing ails them'],
    );
    await tills[2]?.edge.stop();
    await until(async () => /^1 of 3/.test((await found('tills'))[0]?.found ?? ''), 'one is off line');
    assert.deepEqual(
      (await found('tills')).map(one => one.found),
      ['1 of 3: offline at 1 in 1 stores', '0042/3: offline'],
    );
  }));

test('a certificate is told with its days, before its beginning and after its end', t => {
  const dir = folder(t);
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-days', '90', '-subj', '/CN=t3', '-keyout', key, '-out', cert],
    { stdio: 'ignore' },
  );
  const day = 86_400_000;
  const now = Date.now();
  const state = (ms: number) => checkCertificate(cert, key, ms)[0]?.state;
  assert.deepEqual(
    [state(now + 60_000), state(now + 80 * day), state(now + 91 * day), state(now - day)],
    ['well', 'warn', 'ill', 'ill'],
  );
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', key]);
  assert.match(checkCertificate(cert, key, now + 60_000)[0]?.found ?? '', /is not the key of/);
});
