/** A payment card that somebody scans, swipes or types at the wrong device: its number is nowhere afterwards. Whole till, most talkative log. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { pino } from 'pino';
import { createAgent } from '../../../agent/agent.ts';
import { loadTillConfig } from '../../../agent/config/till-config.ts';
import { createVirtualPrinter } from '../../../drivers/virtual/printer.ts';
import { messageOf } from '../../../errors.ts';
import { coffee } from '../../sale/core-till.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** Numbers that the networks give out for tests. */
const numbers = ['4111111111111111', '5555555555554444', '378282246310005', '6011111111111117'];
const forms = (number: string) => [
  number,
  number.replace(/(....)(?=.)/g, '$1 '),
  number.replace(/(....)(?=.)/g, '$1-'),
  `%B${number}^DOE/JOHN^2612101?`,
  `;${number}=26121010000000000000?`,
  `https://pay.example/?card=${number}`,
  `]Q1${number}`,
];

test('the number of a payment card is in no log, no event, no answer and no file of the till', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'payment-card-'));
  const file = join(folder, 'till.json');
  const till = { tenant: 'demo', store: '0042', till: '1', dataDir: './data', timezone: 'Europe/Zurich' };
  const devices = { printer: { device: 'virtual:' }, scanners: [{ device: 'virtual:' }] };
  writeFileSync(file, JSON.stringify({ ...till, api: { port: 0 }, ...devices }));
  const clock = new FakeClock();
  let said = '';
  const out = new PassThrough();
  out.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const agent = createAgent(loadTillConfig(file, {}), {
    log: pino({ level: 'trace' }, out),
    clock,
    virtualPrinter: createVirtualPrinter({ clock }),
    uiDir: null,
  });
  const { url } = await agent.start();
  let running = true;
  t.after(() => (running ? agent.stop() : undefined));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  agent.service.onEvent((name, render) => {
    said += `${name} ${JSON.stringify(render('en'))}`;
  });
  const startedAt = new Date(clock.now()).toISOString();
  agent.service.putSale('S1', { startedAt, lines: [coffee] }, 'en');
  const post = (path: string, body: unknown) =>
    new Promise<void>((resolve, reject) => {
      const headers = { authorization: `Bearer ${agent.tokens.pos}`, 'content-type': 'application/json' };
      const call = request(new URL(path, url), { method: 'POST', headers }, answer => {
        answer.setEncoding('utf8').on('data', (text: string) => {
          said += text;
        });
        answer.on('end', resolve);
      });
      call.on('error', reject);
      call.end(JSON.stringify(body));
    });
  for (const number of numbers)
    for (const code of forms(number)) {
      try {
        agent.service.simulator?.scan({ code });
      } catch (error) {
        said += messageOf(error);
      }
      await clock.advance(200);
      await post('/v1/scans', { code });
      await post('/v1/sales/S1/scan', { code });
    }
  const { total } = agent.service.getSale('S1', 'en');
  agent.service.complete('S1', { completedAt: startedAt, total: total.net }, 'en');
  said += JSON.stringify(agent.service.status('en'));
  running = false;
  await agent.stop();
  assert.match(said, /payment-card/, 'the cashier is told what it was');
  const files = readdirSync(join(folder, 'data'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  for (const number of numbers)
    for (const form of [number, ...forms(number)]) {
      assert.ok(!said.includes(form), `${form} was said`);
      assert.ok(!files.some(text => text.includes(form)), `${form} is on disk`);
    }
});
