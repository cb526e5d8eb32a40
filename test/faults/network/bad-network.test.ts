/** A bad network at the level of bytes, with a real mosquitto. NETWORK_RUNS and NETWORK_SEED set how many and which. */
import assert from 'node:assert/strict';
import process from 'node:process';
import test from 'node:test';
import { systemClock } from '../../../clock.ts';
import { createLink, silentLog } from '../../../sync/link/link.ts';
import { testSeed } from '../../support/test-seed.ts';
import { accounts } from '../../sync/support/line.ts';
import { openMosquitto } from '../../sync/support/mosquitto.ts';
import { until } from '../../sync/support/till-end.ts';
import { seeded } from '../seeded.ts';
import { openBadLine, packetLength } from './bad-line.ts';
import { sellThroughBadNetwork } from './bad-network.ts';

const runs = Number(process.env.NETWORK_RUNS ?? 6);
const seed = testSeed('NETWORK_SEED');

test(`${runs} times through a network that cuts at any byte, delays, repeats, reorders and swallows, every sale is at HQ once`, async t => {
  t.diagnostic(`seed ${seed} (NETWORK_SEED=${seed})`);
  const troubles = new Map<string, number>();
  for (let run = 0; run < runs; run++) {
    const found = await sellThroughBadNetwork(seed + run, 60);
    assert.deepEqual(found.broken, [], `seed ${seed + run}`);
    for (const [name, times] of found.troubles) troubles.set(name, (troubles.get(name) ?? 0) + times);
  }
  t.diagnostic([...troubles].map(each => each.join(' ')).join(', '));
  for (const trouble of ['cut', 'late', 'pieces', 'twice', 'overtaken'])
    assert((troubles.get(trouble) ?? 0) > 0, `${trouble} never happened, so that this shows nothing of it`);
});

test('a line that swallows everything while both ends believe in it is found by the keep-alive and opened anew', async t => {
  const broker = await openMosquitto(accounts);
  t.after(() => broker.close());
  await broker.start();
  const bad = await openBadLine(broker.url, seeded(1));
  t.after(() => bad.close());
  bad.heal();
  let ups = 0;
  let downs = 0;
  const link = createLink({
    broker: { url: bad.url, username: 'till-1', password: 'secret-1' },
    clientId: 'half-open',
    subscriptions: ['tillside/1/demo/t/0042/1/ack'],
    will: () => ({ topic: 'tillside/1/demo/t/0042/1/state', payload: Buffer.from('{}') }),
    clock: systemClock,
    random: () => 0.5,
    log: silentLog,
    keepaliveS: 1,
    backoff: { firstMs: 5, maxMs: 50 },
    onUp: () => {
      ups += 1;
    },
    onDown: () => {
      downs += 1;
    },
    onMessage: () => {},
  });
  t.after(() => link.stop());
  link.start();
  await until(() => ups === 1, 'the line');
  bad.swallow();
  await until(() => downs === 1, 'the keep-alive finds out');
  bad.heal();
  await until(() => ups === 2, 'the line is up again');
});

test('packets are told apart whatever their length is', () => {
  for (const [bytes, length] of [
    [[0x30], null],
    [[0x30, 0x00], 2],
    [[0x30, 0x7f], 129],
    [[0x30, 0x80], null],
    [[0x30, 0x80, 0x01], 131],
    [[0x30, 0xff, 0xff, 0xff, 0x7f], 268_435_460],
  ] as const)
    assert.equal(packetLength(Uint8Array.from(bytes)), length);
  assert.throws(() => packetLength(Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x80)));
});
