/** The doctor's way to the broker, against a real mosquitto: with certificates as HQ configures it, and with passwords. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Writable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { connectAsync } from 'mqtt';
import { createAgent } from '../../agent/agent.ts';
import { doctorCommand } from '../../agent/cli/doctor.ts';
import { exitCodeOf, type Finding } from '../../agent/cli/doctor-checks.ts';
import { loadTillConfig } from '../../agent/config/till-config.ts';
import { createLog } from '../../agent/log.ts';
import { type Clock, systemClock } from '../../clock.ts';
import { newKey, openAuthority, privatePem, publicOf } from '../../sync/hq/enrol/authority.ts';
import { issue } from '../../sync/hq/enrol/certificate.ts';
import { encodeMessage } from '../../sync/protocol/messages.ts';
import { topicOf } from '../../sync/protocol/topics.ts';
import { openMosquitto } from '../sync/support/mosquitto.ts';
import { type Certificate, onSecureLine, tenant } from '../sync/support/secure-line.ts';
import { until } from '../sync/support/till-end.ts';

const dayMs = 86_400_000;

async function doctor(config: string): Promise<readonly Finding[]> {
  let out = '';
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      out += chunk;
      done();
    },
  });
  const code = await doctorCommand(['--config', config, '--json'], { stdin: process.stdin, stdout, stderr: stdout });
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  assert.equal(code, exitCodeOf(findings));
  return findings;
}

const lineOf = (findings: readonly Finding[], check: string) => {
  const found = findings.find(one => one.check === check);
  return `${found?.state}: ${found?.found} → ${found?.fix}`;
};
const broker = async (config: string) => lineOf(await doctor(config), 'broker');

function tillFile(dir: string, name: string, change: object): string {
  const folder = join(dir, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'till.json');
  writeFileSync(
    file,
    JSON.stringify({ tenant, store: '0042', till: '0042-1', dataDir: './data', api: { port: 1 }, ...change }),
  );
  return file;
}

/** A till's folder with its certificate, as `tillside enrol` leaves it. */
function enrolledFile(dir: string, name: string, url: string, { ca, cert, key }: Partial<Certificate>, change = {}) {
  const files = { ca, cert, key };
  const file = tillFile(dir, name, {
    broker: {
      url,
      ...Object.fromEntries(Object.entries(files).flatMap(([k, v]) => (v ? [[k, `file:${k}.pem`]] : []))),
    },
    trust: { root: 'file:root.pub' },
    ...change,
  });
  for (const [k, text] of Object.entries(files))
    if (text) writeFileSync(join(file, '..', `${k}.pem`), text, { mode: 0o600 });
  return file;
}

test('with certificates: let in and HQ heard, revoked, over, missing, of others, the broker’s not trusted, no rights', () =>
  onSecureLine(async line => {
    const { url } = line.broker;
    const good = await line.enrol('0042-1');
    const out = await line.enrol('0042-2');
    await line.broker.reload();
    const at = (name: string, identity: Partial<Certificate>) => broker(enrolledFile(line.dir, name, url, identity));
    assert.match(await at('good', good), /^well: .* lets this certificate in, and HQ is on the line/);

    const key = newKey();
    const own = (notBefore: number, notAfter: number) =>
      issue(openAuthority(join(line.dir, 'hq')), {
        ...{ purpose: 'till', name: { tenant, store: '0042', common: '0042-9' }, publicKey: publicOf(key) },
        ...{ notBefore, notAfter },
      }).pem;
    const now = Date.now();
    const identity = (cert: string) => ({ ca: good.ca, cert, key: privatePem(key) });
    assert.match(await at('over', identity(own(now - 3 * dayMs, now - dayMs))), /^ill: .*past its end.*Enrol again/);
    // Signed by the authority, and nobody that HQ knows: the broker lets it in without rights.
    assert.match(await at('strange', identity(own(now - dayMs, now + dayMs))), /^ill: .*nothing of HQ.*acl/);
    assert.match(await at('none', { ca: good.ca }), /^ill: .*wants a certificate and got none/);
    assert.match(await at('doubt', { cert: good.cert, key: good.key }), /^ill: .*self-signed.*broker\.ca/);
    const ip = enrolledFile(line.dir, 'ip', url.replace('localhost', '127.0.0.1'), good);
    assert.match(await broker(ip), /^ill: .*altnames.*the name in the address/);
    assert.match(await broker(enrolledFile(line.dir, 'plain', url.replace('mqtts', 'mqtt'), {})), /^ill: .*want TLS/);

    await line.ask('POST', '/v1/enrolment/revoke', { name: '0042-2', reason: 'stolen' });
    await line.broker.reload();
    assert.match(await at('revoked', out), /^ill: .*this certificate is revoked/);

    const hqFile = join(line.dir, 'hq.json');
    await line.hq.stop();
    assert.match(await at('good', good), /^warn: .*HQ is off the line/);
    assert.match(lineOf(await doctor(hqFile), 'broker'), /^well: .*lets this certificate in/);
    await line.broker.stop();
    assert.match(await at('good', good), /^ill: .*ECONNREFUSED/);
  }));

test('a till that runs is asked, not pushed off its line; its clock is held against HQ’s', () =>
  onSecureLine(async line => {
    const identity = await line.enrol('0042-1');
    await line.broker.reload();
    const file = enrolledFile(line.dir, 'till', line.broker.url, identity, { api: { port: 0 } });
    writeFileSync(join(line.dir, 'till', 'root.pub'), line.hq.publicKey);
    let aheadMs = 0;
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
    const agent = createAgent(loadTillConfig(file, {}), { log: createLog('silent'), clock });
    const status = () => agent.service.status('en');
    try {
      const { url } = await agent.start();
      await until(() => status().clock != null, 'HQ has told its time');
      const { since } = status().line;
      const listening = (port: number) => enrolledFile(line.dir, 'till', line.broker.url, identity, { api: { port } });
      const port = Number(new URL(url).port);
      const findings = await doctor(listening(port));
      assert.match(lineOf(findings, 'broker'), /^well: .*the till is on the line/);
      assert.match(lineOf(findings, 'clock'), /^well: (as HQ|\d+ s (ahead of|behind) HQ)/);
      // Its API is not where the file says: it is left alone all the same.
      assert.match(await broker(listening(1)), /^warn: .*was not tried: the agent runs/);
      assert.deepEqual([status().line.connected, status().line.since], [true, since]);

      aheadMs = 20 * 60_000;
      await line.broker.stop();
      await until(() => !status().line.connected, 'the line is lost');
      await line.broker.start();
      await until(() => (status().clock?.aheadSeconds ?? 0) > 1000, 'HQ has told its time again');
      assert.match(lineOf(await doctor(listening(port)), 'clock'), /^ill: 1[12]\d\d s ahead of HQ → Set this machine/);
    } finally {
      await agent.stop();
    }
  }));

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'tillside-doctor-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

test('with passwords: let in and HQ heard, wrong, none, and one that may not hear', async t => {
  const dir = folder(t);
  const mosquitto = await openMosquitto([
    { role: 'hq', tenant, username: 'hq', password: 'h' },
    { role: 'till', tenant, store: '0042', till: '0042-1', username: 'till-1', password: 'right' },
    { role: 'till', tenant: 'other', store: '0042', till: '0042-1', username: 'stranger', password: 'right' },
  ]);
  t.after(() => mosquitto.close());
  await mosquitto.start();
  const hq = await connectAsync(mosquitto.url, { username: 'hq', password: 'h', protocolVersion: 4 });
  const said = encodeMessage({ online: true, boot: 1, session: 1, at: '2026-11-21T10:15:00Z' });
  await hq.publishAsync(topicOf({ kind: 'hq', tenant }), Buffer.from(said), { qos: 1, retain: true });
  await hq.endAsync();
  const at = (username: string | null, password: string) => {
    const named = username === null ? {} : { username, password: 'file:password' };
    const file = tillFile(dir, username ?? 'nobody', { broker: { url: mosquitto.url, ...named } });
    writeFileSync(join(file, '..', 'password'), `${password}\n`);
    chmodSync(join(file, '..', 'password'), 0o600);
    return broker(file);
  };
  assert.match(await at('till-1', 'right'), /^well: .* lets user "till-1" in, and HQ is on the line/);
  assert.match(await at('till-1', 'wrong'), /^ill: .* does not let user "till-1" in → .*broker\.password/);
  assert.match(await at(null, ''), /^ill: .* does not let anybody in without a name → .*broker\.username/);
  assert.match(await at('stranger', 'right'), /^ill: .*nothing of HQ is to be heard.*acl/);
});
