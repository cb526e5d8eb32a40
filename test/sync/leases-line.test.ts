/** Units of a global cap over a real line: asked for, granted, used, given back, with HQ gone in between and its words said twice. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { connectAsync } from 'mqtt';
import { systemClock } from '../../clock.ts';
import { loadSigningKey } from '../../sync/hq/files.ts';
import type { Hq } from '../../sync/hq/hq.ts';
import type { LeasesAnswer } from '../../sync/hq/wire.ts';
import { type Command, decodeDown, signCommand } from '../../sync/protocol/command.ts';
import { encodeMessage } from '../../sync/protocol/messages.ts';
import { makeSigningKey, readSigningKey } from '../../sync/protocol/signing.ts';
import { tillTopic } from '../../sync/protocol/topics.ts';
import { bundleOf, coffee, nextVisit } from '../sale/core-till.ts';
import { type BrokerKind, type Line, onLine } from './support/line.ts';
import { until } from './support/till-end.ts';
import { addressOf, type WholeTill, wholeTill } from './support/whole-till.ts';

const limit = 8;
const bundle = bundleOf([{ ...nextVisit, caps: [{ scope: 'global', limit }] }], { notAfter: '2099-12-31T00:00:00Z' });
const file = Buffer.from(JSON.stringify(bundle));

async function call<T>(hq: Hq, method: 'GET' | 'POST', path: string): Promise<T> {
  const response = await fetch(hq.url + path, { method, headers: { authorization: `Bearer ${hq.token}` } });
  assert.equal(response.status, 200, path);
  return (await response.json()) as T;
}

/** Units that a sale of now could have. */
const unitsAt = ({ core }: WholeTill, saleId: string) =>
  core.leases.available(saleId, core.clock.now()).get('next-visit') ?? 0;

const figures = async (hq: Hq) => {
  const { offers } = await call<LeasesAnswer>(hq, 'GET', '/v1/leases');
  const { granted, used, returned, left } = offers.find(({ offer }) => offer === 'next-visit') ?? assert.fail();
  return { granted, used, returned, left };
};

/** A customer whose basket earns the coupon where the till has a unit, and who waits while it asks for one. */
async function sellWith(till: WholeTill, saleId: string): Promise<readonly string[]> {
  const { core } = till;
  const put = () => core.sales.putSale(saleId, { startedAt: core.now(), lines: [coffee] }, 'en');
  put();
  await until(() => unitsAt(till, saleId) > 0, `a unit for ${saleId}`);
  const { total } = put();
  return core.sales.complete(saleId, { completedAt: core.now(), total: total.net }, 'en').serials;
}

/** HQ has heard of all that the tills did. */
const settled = (...tills: readonly WholeTill[]) =>
  until(() => tills.every(({ core }) => core.store.outbox.depth().waiting === 0), 'HQ has every fact');

/** What HQ said to this till of leases, word for word. */
const recorded = (till: WholeTill) =>
  till.wire.heard.filter(({ topic, payload }) => {
    const down = topic.endsWith('/down') ? decodeDown(payload) : null;
    return down?.ok === true && down.value.kind === 'command' && down.value.text.includes('"lease');
  });

/** Somebody who may write as HQ at the broker. */
async function writer(line: Line) {
  const client = await connectAsync(line.broker.url, {
    ...{ username: 'hq', password: 'hq-secret', clientId: 'writer', protocolVersion: 4, reconnectPeriod: 0 },
  });
  client.on('error', () => {});
  line.onClose(() => client.endAsync(true));
  return (till: string, payload: Uint8Array) =>
    client.publishAsync(tillTopic(addressOf(till), 'down'), Buffer.from(payload), { qos: 1 });
}

/** Nothing is wanted: what is asked for is here, or was refused for some minutes. */
const content = (...tills: readonly WholeTill[]) =>
  until(() => tills.every(({ core }) => core.leases.port.wants() === null), 'the tills want nothing');

const unspentAt = ({ core }: WholeTill) =>
  core.store.leases.open().reduce((sum, { units, used, returned }) => sum + units - used - returned, 0);

const leasesOf = ({ core }: WholeTill) => [core.store.leases.last(), core.store.leases.open()];

for (const kind of ['aedes', 'mosquitto'] satisfies BrokerKind[])
  test(`${kind}: units are asked for, granted, used and given back; HQ goes and comes, words are said twice, the cap holds`, () =>
    onLine(kind, async line => {
      const first = line.hq();
      await first.start();
      await first.publishBundle(file);
      const [one, two] = [await wholeTill(line, first, '1'), await wholeTill(line, first, '2')];
      await until(() => [one, two].every(({ core }) => core.bundles.active() !== null), 'the bundle at both tills');
      const serials = [...(await sellWith(one, 'S1')), ...(await sellWith(two, 'S2'))];
      assert.equal(serials.length, 2);

      // HQ is away: what a till holds it uses, and no more.
      await settled(one, two);
      await first.stop();
      const had = unitsAt(one, 'S3');
      for (let n = 0; n < had; n++) serials.push(...(await one.core.sell(`S3-${n}`)));
      assert.equal(serials.length, 2 + had);
      assert.deepEqual(await one.core.sell('S4'), [], 'without a unit no coupon');
      const hq = line.hq();
      await hq.start();
      serials.push(...(await sellWith(one, 'S5')));

      // Every word of HQ once more, from the first on, to both tills over the broker.
      await content(one, two);
      await settled(one, two);
      const before = [leasesOf(one), leasesOf(two)];
      const say = await writer(line);
      const words = [...recorded(one), ...recorded(two)];
      assert.ok(words.length >= 3, `${words.length} words`);
      for (const { payload } of words) {
        await say('1', payload);
        await say('2', payload);
      }
      const echoes = () => recorded(one).length + recorded(two).length;
      await until(() => echoes() >= 3 * words.length, 'the tills have heard them');
      assert.deepEqual([leasesOf(one), leasesOf(two)], before);

      // A sale is voided: its unit is the till's again; HQ asks for all that nobody uses.
      one.core.sales.voidSale('S1', 'en');
      const standing = serials.length - 1;
      await settled(one, two);
      await until(async () => (await figures(hq)).used === standing, 'HQ knows who used what');
      await call(hq, 'POST', '/v1/leases/next-visit/recall');
      const recalls = () =>
        [one, two].flatMap(till =>
          recorded(till).filter(({ payload }) => Buffer.from(payload).includes('lease.return')),
        );
      await until(() => recalls().length > 0, 'the recall');
      await until(async () => {
        const { granted, used, returned } = await figures(hq);
        assert.ok(granted - returned <= limit, `${granted} − ${returned} of ${limit}`);
        return used === standing && returned > 0 && granted - returned === used + unspentAt(one) + unspentAt(two);
      }, 'HQ counts every unit where it is');

      // The recall, said again: units granted since stay.
      serials.push(...(await sellWith(one, 'S6')));
      await content(one, two);
      const after = [leasesOf(one), leasesOf(two)];
      const [count, asked] = [echoes(), recalls()];
      for (const { payload } of asked) for (const till of ['1', '2']) await say(till, payload);
      await until(() => echoes() >= count + 2 * asked.length, 'the tills have heard them');
      assert.deepEqual([leasesOf(one), leasesOf(two)], after);
      assert.deepEqual([...one.core.faults, ...two.core.faults], []);
    }));

test('whoever may write at the broker gives a till no unit and takes none: forged, foreign, outlived and unreadable grants', () =>
  onLine('aedes', async line => {
    const hq = line.hq();
    await hq.start();
    await hq.publishBundle(file);
    const [one, two] = [await wholeTill(line, hq, '1'), await wholeTill(line, hq, '2')];
    await until(() => [one, two].every(({ core }) => core.store.leases.last() > 0), 'units at both tills');
    const say = await writer(line);
    const before = leasesOf(one);
    const genuine = loadSigningKey(join(line.dir, 'hq', 'signing.key'));
    const stranger = readSigningKey(makeSigningKey().privatePem);
    assert.ok(stranger.ok);
    const { epoch, leases } = one.core.store;
    const at = (ms: number) => new Date(systemClock.now() + ms).toISOString().replace(/\.\d+/, '');
    const day = 86_400_000;
    const grant = (change: object = {}, more: object = {}) =>
      ({
        kind: 'lease',
        epoch,
        leases: [{ number: leases.last() + 1, offer: 'next-visit', units: 5, validUntil: at(day), ...change }],
        refused: [],
        ...more,
      }) as Command;
    const signed = (command: Command, till = '1', from = -day, to = day, key = genuine) =>
      encodeMessage(signCommand(key, addressOf(till), command, at(from), at(to)));
    const bad: readonly Uint8Array[] = [
      signed(grant(), '1', -day, day, stranger.value),
      signed(grant(), '2'),
      signed(grant(), '1', -3 * day, -2 * day),
      signed(grant(), '1', 2 * day, 3 * day),
      signed(grant({ units: -5 })),
      signed(grant({ units: 1.5 })),
      signed(grant({ units: 1e9 })),
      signed(grant({ number: 0 })),
      signed(grant({ number: leases.last() + 2 })),
      signed(grant({ number: 1 })),
      signed(grant({ offer: '../../x' })),
      signed(grant({ validUntil: 'tomorrow' })),
      signed(grant({}, { epoch: epoch + 1 })),
      signed(grant({}, { leases: Array.from({ length: 65 }, () => ({})) })),
      signed({ kind: 'lease.return', epoch: epoch - 1, offer: 'next-visit', keep: 0 }),
      signed({ kind: 'lease.return', epoch, offer: 'next-visit', keep: -1 }),
      gzipSync(Buffer.alloc(32 * 1024 * 1024)),
      Buffer.alloc(100_000, '{"a":'),
    ];
    for (const payload of bad) await say('1', payload);
    const heard = () => one.wire.heard.filter(({ topic }) => topic.endsWith('/1/down')).length;
    const marker = heard();
    await say('1', encodeMessage({ kind: 'pointers', pointers: [] }));
    await until(() => heard() > marker, 'all of it has been heard');
    await until(() => heard() >= bad.length + 1, 'all of it has been heard');
    assert.deepEqual(leasesOf(one), before);
    assert.deepEqual(one.core.faults, []);
    // And HQ's own word counts as before.
    await sellWith(one, 'S1');
    assert.equal((await figures(hq)).granted <= limit, true);
  }));
