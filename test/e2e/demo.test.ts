/** The whole path on real parts: HTTP, SQLite, MQTT and ESC/POS over TCP, two tills of one store and HQ. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { ProductView } from '../../agent/api/wire.ts';
import { type Demo, startDemo } from '../../agent/demo/demo.ts';
import { createLog } from '../../agent/log.ts';
import type { Bundle, Decision } from '../../agent/offers/types.ts';
import { linesOf, type TillClient, tillClient, until } from './till-client.ts';

describe('two tills, a broker and HQ', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tillside-demo-'));
  let demo: Demo;
  let till1: TillClient;
  let till2: TillClient;
  let coffee: ProductView;
  let byCategory: (category: string) => ProductView;

  const startAgain = async () => {
    demo = await startDemo({ dataDir, port: 0, log: createLog('silent') });
    const [first, second] = demo.tills.map(({ url, token }) => tillClient(url, token));
    assert.ok(first !== undefined && second !== undefined);
    [till1, till2] = [first, second];
    for (const till of [till1, till2])
      await until(till.status, status => status.bundle !== null && status.line.connected, 'bundle and line');
  };
  const atHq = async <T>(path: string): Promise<T> => {
    const response = await fetch(demo.hq.url + path, { headers: { authorization: `Bearer ${demo.hq.token}` } });
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as T;
  };
  const salesAtHq = async () => (await atHq<{ sales: { saleId: string; net: number }[] }>('/v1/sales?limit=500')).sales;
  const publish = (bundle: Bundle) =>
    fetch(`${demo.hq.url}/v1/bundles`, {
      method: 'POST',
      headers: { authorization: `Bearer ${demo.hq.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(bundle),
    });
  const readBundle = () => JSON.parse(readFileSync(demo.bundleFile, 'utf8')) as Bundle;
  const printed = (till: TillClient, serial: string) =>
    until(
      () => till.coupon(serial),
      coupon => coupon.print === 'confirmed',
      `coupon ${serial} confirmed`,
    );

  before(async () => {
    await startAgain();
    const products = await till1.products();
    byCategory = category => {
      const found = products.find(product => product.category === category && product.unit === 'ea');
      assert.ok(found, category);
      return found;
    };
    coffee = byCategory('food/drinks/coffee');
  });
  after(async () => {
    await demo.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('prints a coupon for coffee, with the printer’s own word that it came out, and redeems it once at the other till', async () => {
    await till1.put('A1', linesOf([coffee]));
    const greeted = await till1.scan('A1', '2501100000009');
    assert.equal(greeted.kind, 'member');
    const quote = await till1.get('A1');
    assert.equal(quote.member?.firstName, 'Anna');
    assert.ok(quote.willPrint.some(coupon => coupon.offer === 'coffee-20'));
    const done = await till1.complete('A1', quote.total.net);
    const decision = done.decision as Decision;
    assert.deepEqual(
      decision.issue.map(issue => issue.offer),
      quote.willPrint.map(issue => issue.offer),
    );
    const coupons = await Promise.all(done.serials.map(serial => printed(till1, serial)));
    const coupon = coupons.find(({ offer }) => offer === 'coffee-20');
    assert.ok(coupon);

    // Its slip says what a scanner reads: a token, which the other till takes.
    const slips = (await till1.simulator()).slips;
    const tokens = slips.flatMap(slip => slip.codes ?? []);
    assert.equal(tokens.length, done.serials.length);
    const position = done.serials.indexOf(coupon.serial);
    const token = tokens[position] ?? '';
    await till2.put('A2', linesOf([coffee]));
    await till2.scan('A2', '2501100000009');
    const taken = await till2.scan('A2', token);
    assert.equal(taken.kind, 'coupon', JSON.stringify(taken));
    const redeeming = await till2.get('A2');
    assert.equal(redeeming.total.discount, Math.round(coffee.price * 0.2));

    // While it is reserved there, the first till does not take it.
    await till1.put('A3', linesOf([coffee]));
    await till1.scan('A3', '2501100000009');
    const held = await until(
      () => till1.scan('A3', token),
      answer => answer.kind === 'refused',
      'reserved at till 2',
    );
    assert.match('message' in held ? held.message : '', /till 2/);

    const paid = await till2.complete('A2', redeeming.total.net);
    assert.equal((paid.decision as Decision).applied[0]?.serial, coupon.serial);
    const again = await until(
      () => till1.scan('A3', token),
      answer => answer.kind === 'refused' && answer.reason === 'coupon-used',
      'used',
    );
    assert.match('message' in again ? again.message : '', /used today at .* at till 2/);
    // And the sale goes on.
    const last = await till1.get('A3');
    await till1.complete('A3', last.total.net);
  });

  it('tells the cashier in one sentence what is wrong with a card, and sells on', async () => {
    await till1.put('B1', linesOf([coffee]));
    const codes = {
      '2501100000000': 'unknown',
      '2501999999996': 'refused',
      '4006381333931': 'unknown',
      '4006381333930': 'unknown',
    };
    for (const [code, kind] of Object.entries(codes)) {
      const answer = await till1.scan('B1', code);
      assert.equal(answer.kind, kind, code);
      assert.ok(answer.message.length > 10 && answer.message.length < 90, answer.message);
    }
    const sale = await till1.get('B1');
    assert.equal(sale.member, null);
    await till1.complete('B1', sale.total.net);
  });

  it('takes a card scanned at the device before the first article into the next sale', async () => {
    await till1.playScan('2501100000740');
    await until(
      () => till1.put('C1', linesOf([coffee])),
      sale => sale.member?.firstName === 'Giulia',
      'Giulia in the sale',
    );
    const sale = await till1.get('C1');
    await till1.complete('C1', sale.total.net);
  });

  it('sells ten times without broker, and all ten arrive at HQ once when it is back', async () => {
    for (const till of [till1, till2]) await until(till.status, status => status.outbox.waiting === 0, 'nothing waits');
    await demo.broker.stop();
    await until(till1.status, status => !status.line.connected, 'line down');
    for (let i = 0; i < 10; i++) {
      const till = i % 2 === 0 ? till1 : till2;
      const sale = await till.put(`D${i}`, linesOf([coffee], i + 1));
      await till.complete(`D${i}`, sale.total.net);
    }
    const status = await till1.status();
    assert.equal(status.outbox.salesWaiting, 5);
    assert.match(status.line.message ?? '', /No line to HQ since .*Selling goes on. 5 sales waiting/);
    await demo.broker.start();
    const sales = await until(
      salesAtHq,
      list => list.filter(sale => sale.saleId.startsWith('D')).length >= 10,
      'ten sales',
    );
    assert.deepEqual(
      sales
        .map(sale => sale.saleId)
        .filter(id => id.startsWith('D'))
        .sort(),
      Array.from({ length: 10 }, (_, i) => `D${i}`),
    );
    await until(till1.status, now => now.outbox.waiting === 0, 'outbox empty');
  });

  it('a changed offer reaches both tills and changes the next sale', async () => {
    const bundle = readBundle();
    const offers = bundle.offers.map(offer =>
      offer.id === 'basket-100'
        ? { ...offer, version: 2, when: { spend: { atLeast: 100 } }, benefit: { amount: { off: 77 } } }
        : offer,
    );
    const answer = await publish({ ...bundle, version: bundle.version + 1, offers });
    assert.equal(answer.status < 300, true, await answer.text());
    for (const till of [till1, till2])
      await until(till.status, status => status.bundle?.version === bundle.version + 1, 'new bundle');
    for (const [id, till] of [
      ['E1', till1],
      ['E2', till2],
    ] as const) {
      const sale = await till.put(id, linesOf([byCategory('home/paper')]));
      assert.equal(sale.total.discount, 77);
    }
  });

  it('a broken bundle is refused whole with every fault and its place, and the old one stays', async () => {
    const bundle = readBundle();
    const [first, second, ...rest] = bundle.offers;
    const broken = {
      ...bundle,
      version: bundle.version + 2,
      offers: [{ ...first, phaze: 'line' }, { ...second, benefit: { percent: { permyriad: 'ten' } } }, ...rest],
    };
    const answer = await publish(broken as unknown as Bundle);
    assert.equal(answer.status, 422);
    const problem = (await answer.json()) as { code: string; faults: { pointer: string }[] };
    assert.equal(problem.code, 'bundle-invalid');
    assert.deepEqual(problem.faults.map(fault => fault.pointer).sort(), [
      '/offers/0/phaze',
      '/offers/1/benefit/percent/permyriad',
    ]);
    assert.equal((await till1.status()).bundle?.version, bundle.version + 1);
  });

  it('without paper the sale is paid, the screen says what to do, and the coupon comes by itself', async () => {
    await till1.playPrinter({ paper: false });
    await until(till1.status, status => status.printer.problem === 'paper-out', 'paper out');
    await till1.put('F1', linesOf([coffee]));
    await till1.scan('F1', '2501100000375');
    const sale = await till1.get('F1');
    const done = await till1.complete('F1', sale.total.net);
    assert.ok(done.serials.length > 0);
    assert.match((await till1.status()).printer.message ?? '', /Paper is out/);
    await till1.playPrinter({ paper: true });
    for (const serial of done.serials) await printed(till1, serial);
  });

  it('with the printer’s cable pulled the sale is paid, and the coupon comes when it is plugged again', async () => {
    await till2.playPrinter({ cable: false });
    await until(till2.status, status => status.printer.problem === 'missing', 'printer missing');
    await till2.put('G1', linesOf([coffee]));
    await till2.scan('G1', '2501100000375');
    const sale = await till2.get('G1');
    const done = await till2.complete('G1', sale.total.net);
    await till2.playPrinter({ cable: true });
    for (const serial of done.serials) await printed(till2, serial);
  });

  it('HQ’s totals per till and day are the till’s own, to the cent, a voided sale included', async () => {
    const sale = await till1.put('H1', linesOf([coffee], 3));
    await till1.complete('H1', sale.total.net);
    await till1.call('POST', '/v1/sales/H1/void');
    type Row = { till: string; verdict: string; hq: { voided: number }; own: object | null };
    const { rows } = await until(
      () => atHq<{ rows: Row[] }>('/v1/reconcile'),
      // The till tells its totals now and then; HQ may have counted on meanwhile.
      answer =>
        answer.rows.length === 2 &&
        answer.rows.every(row => isDeepStrictEqual(row.own, row.hq) && row.verdict === 'agrees') &&
        answer.rows[0]?.hq.voided === 1,
      'reconciled',
    );
    assert.deepEqual(
      rows.map(row => row.till),
      ['1', '2'],
    );
  });

  it('goes on after a restart with everything it knew', async () => {
    const before = (await salesAtHq()).length;
    const member = await till1.call<{ points: number }>('GET', '/v1/members/2501100000009');
    await demo.stop();
    await startAgain();
    assert.equal((await salesAtHq()).length, before);
    assert.equal((await till1.call<{ points: number }>('GET', '/v1/members/2501100000009')).points, member.points);
    assert.equal((await till1.status()).bundle?.version, readBundle().version + 1);
  });
});
