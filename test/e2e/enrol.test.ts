/** What docs/enrol.md tells an operator to do, done: authority, mosquitto with certificates, two tills by code, a sale at HQ. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Writable } from 'node:stream';
import { after, describe, it } from 'node:test';
import { agentCommand } from '../../agent/cli/agent.ts';
import { bundleCommand } from '../../agent/cli/bundle.ts';
import { enrolCommand } from '../../agent/cli/enrol.ts';
import { hqCommand } from '../../agent/cli/hq.ts';
import type { EnrolCodeAnswer } from '../../sync/hq/enrol/routes.ts';
import type { EnrolmentAnswer } from '../../sync/hq/wire.ts';
import { freePort, giveTo, openPrograms, type Running, untilSaid } from '../support/programs.ts';
import { mosquittoPath } from '../sync/support/mosquitto.ts';
import { bundleFile } from '../sync/support/till-end.ts';
import { tillClient, until } from './till-client.ts';

describe('an operator sets up HQ, mosquitto and two tills from the documents', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tillside-enrol-'));
  chmodSync(dir, 0o755);
  const { DATABASE_URL: _other, ...env } = process.env;
  const programs = openPrograms(env);
  after(async () => {
    await programs.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const config = join(dir, 'hq.json');
  const files = join(dir, 'mosquitto');
  const tills: { readonly till: string; readonly config: string; url: string; running: Running }[] = [];
  let broker: Running;
  let hqUrl = '';
  let door = '';

  const commands = { hq: hqCommand, enrol: enrolCommand, bundle: bundleCommand, agent: agentCommand };
  /** A command of the operator's, in this process: what it says, or the error that it ends with. */
  const done = async (name: keyof typeof commands, ...args: readonly string[]) => {
    let out = '';
    const stream = new Writable({
      write(chunk, _encoding, next) {
        out += chunk;
        next();
      },
    });
    assert.equal(await commands[name](args, { stdin: process.stdin, stdout: stream, stderr: stream }), 0, out);
    return out;
  };
  const atHq = async <T>(path: string): Promise<T> => {
    const token = readFileSync(join(dir, 'hq', 'tokens', 'hq'), 'utf8').trim();
    const response = await fetch(hqUrl + path, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(response.status, 200, await response.clone().text());
    return (path === '/metrics' ? response.text() : response.json()) as T;
  };
  const posAt = (index: number) => {
    const till = tills[index];
    assert(till !== undefined);
    const token = readFileSync(join(dir, till.till, 'data', 'tokens', 'pos'), 'utf8').trim();
    return tillClient(till.url, token);
  };
  const codeFor = async (till: string) => {
    const out = await done('hq', 'enrol-code', '--config', config, '--store', '0042', '--till', till, '--json');
    return (JSON.parse(out) as EnrolCodeAnswer).code;
  };
  const startTill = async (index: number, settings: string) => {
    const running = programs.startTillside('agent', '--config', settings);
    const [, url = ''] = await untilSaid(running, /till .*: (http:\S+)/);
    const till = tills[index];
    if (till !== undefined) Object.assign(till, { running, url });
    else tills.push({ till: settings.split('/').at(-2) ?? '', config: settings, url, running });
  };

  it('makes the authority, once, and a mosquitto with certificates', async () => {
    const [brokerPort, apiPort, doorPort] = [await freePort(), await freePort(), await freePort()];
    hqUrl = `http://127.0.0.1:${apiPort}`;
    door = `https://localhost:${doorPort}`;
    writeFileSync(
      config,
      JSON.stringify({
        tenant: 'demo',
        dataDir: './hq',
        api: { port: apiPort },
        broker: { url: `mqtts://localhost:${brokerPort}` },
        enrolment: {
          host: '127.0.0.1',
          port: doorPort,
          names: ['localhost'],
          broker: `mqtts://localhost:${brokerPort}`,
          brokerFiles: './mosquitto',
        },
        log: { level: 'warn' },
      }),
    );
    await assert.rejects(done('hq', '--config', config), /no certificate authority yet: make it with "tillside hq ca"/);
    assert.match(await done('hq', 'ca', '--config', config), /The authority is made/);
    assert.equal(statSync(join(dir, 'hq', 'ca', 'ca.key')).mode & 0o777, 0o600);
    await assert.rejects(done('hq', 'ca', '--config', config), { code: 'conflict' });

    await done('hq', 'broker', '--config', config, '--out', files, '--host', 'localhost', '--port', String(brokerPort));
    assert.equal(statSync(join(files, 'broker.key')).mode & 0o777, 0o600);
    giveTo('mosquitto', join(files, 'broker.key'));
    assert(mosquittoPath !== undefined);
    broker = programs.start(mosquittoPath, ['-c', join(files, 'mosquitto.conf')]);
    await untilSaid(broker, /running/);
    const hq = programs.startTillside('hq', '--config', config);
    await untilSaid(hq, /HQ is at/);
    await until(
      async () => (await fetch(`${hqUrl}/readyz`)).status,
      status => status === 200,
      'HQ is on the line',
    );
  });

  it('enrols two tills, each with its code, whose keys are readable by their owner only', async () => {
    for (const till of ['0042-1', '0042-2']) {
      const settings = join(dir, till, 'till.json');
      const code = await codeFor(till);
      const told = await done('enrol', '--hq', door, '--code', code.toLowerCase(), '--config', settings);
      assert.match(told, new RegExp(`This is till ${till} of store 0042 \\(demo\\) from now on`));
      assert.equal(statSync(join(dir, till, 'till.key')).mode & 0o777, 0o600);
      const certificate = new X509Certificate(readFileSync(join(dir, till, 'till.pem')));
      assert.equal(certificate.subject, `O=demo\nOU=0042\nCN=${till}`);
      // A code is good once.
      const thief = done('enrol', '--hq', door, '--code', code, '--config', join(dir, 'x', 'till.json'));
      await assert.rejects(thief, { code: 'enrol-refused', message: /unknown, used or out of date/ });
      const document = JSON.parse(readFileSync(settings, 'utf8'));
      writeFileSync(
        settings,
        JSON.stringify({ ...document, api: { port: 0 }, screenSells: true, log: { level: 'warn' } }),
      );
      await done('agent', '--config', settings, '--check');
    }
  });

  it('shows a slip of the pen in the code before anybody is asked, and a door that is not HQ’s', async () => {
    const code = await codeFor('0042-9');
    const settings = join(dir, '0042-9', 'till.json');
    const swapped =
      code.replace(/^(.)(.)/, '$2$1') === code ? code.replace(/.$/, '0') : code.replace(/^(.)(.)/, '$2$1');
    const nowhere = ['--hq', 'https://localhost:1', '--config', settings] as const;
    await assert.rejects(done('enrol', ...nowhere, '--code', swapped), { code: 'usage', message: /slip of the pen/ });
    await assert.rejects(done('enrol', ...nowhere, '--code', code), { code: 'broker-unreachable' });
  });

  it('sells at a till, and HQ has the sale', async () => {
    // The broker reads the new tills' rights again; what they need for their own facts they have by patterns.
    broker.signal('SIGHUP');
    for (const [index, till] of ['0042-1', '0042-2'].entries()) await startTill(index, join(dir, till, 'till.json'));
    const bundle = join(dir, 'bundle.json');
    writeFileSync(bundle, bundleFile(1));
    const token = join(dir, 'hq', 'tokens', 'hq');
    await done('bundle', 'publish', bundle, '--hq', hqUrl, '--token-file', token);
    for (const [index] of tills.entries()) {
      const pos = posAt(index);
      await until(pos.status, ({ bundle, line }) => bundle !== null && line.connected, 'bundle and line');
      const line = { lineId: '1', gtin: '7610200337450', quantity: '1', unit: 'ea', amount: 250 };
      await pos.put(`S${index}`, [line]);
      await pos.complete(`S${index}`, 250);
    }
    const { sales } = await until(
      () => atHq<{ sales: { till: string; saleId: string; net: number }[] }>('/v1/sales'),
      ({ sales }) => sales.length === 2,
      'both sales at HQ',
    );
    assert.deepEqual(sales.map(({ till, saleId, net }) => [till, saleId, net]).sort(), [
      ['0042-1', 'S0', 250],
      ['0042-2', 'S1', 250],
    ]);
    const enrolled = await atHq<EnrolmentAnswer>('/v1/enrolment');
    assert.deepEqual(enrolled.refused, []);
    assert.deepEqual(
      enrolled.tills.map(({ till, revokedAt }) => [till, revokedAt]),
      [
        ['0042-1', null],
        ['0042-2', null],
      ],
    );
    assert.match(await atHq<string>('/metrics'), /^tillside_hq_till_certificates 2$/m);
    assert.match(await done('hq', 'enrolled', '--config', config), /0042\/0042-1 {2}certificate until 20/);
  });

  it('revokes a till: the broker shuts it out, HQ does not hear it, the other goes on', async () => {
    await done('hq', 'revoke', '0042-2', '--config', config, '--reason', 'stolen');
    // HQ ends the connection that is open.
    await untilSaid(broker, /Client 0042-2 already connected, closing old connection/);
    broker.signal('SIGHUP');
    await untilSaid(broker, /certificate (revoked|verify failed)/);
    const [good, bad] = [posAt(0), posAt(1)];
    assert.equal((await good.status()).line.connected, true);
    for (const [pos, saleId] of [
      [bad, 'stolen'],
      [good, 'S2'],
    ] as const) {
      await pos.put(saleId, [{ lineId: '1', gtin: '7610200337450', quantity: '1', unit: 'ea', amount: 100 }]);
      await pos.complete(saleId, 100);
    }
    const { sales } = await until(
      () => atHq<{ sales: { saleId: string }[] }>('/v1/sales'),
      ({ sales }) => sales.some(({ saleId }) => saleId === 'S2'),
      'the good sale',
    );
    assert(!sales.some(({ saleId }) => saleId === 'stolen'));
    assert.equal((await bad.status()).line.connected, false);
    assert.match(await done('hq', 'enrolled', '--config', config), /0042\/0042-2 {2}revoked 20.* \(stolen\)/);
    assert.match(await atHq<string>('/metrics'), /^tillside_hq_tills_revoked 1$/m);
  });
});
