/** Coupons with linear codes: from the printer's dots to the next sale. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import type { SlipContent } from '../../agent/coupons/index.ts';
import { eanOfSerial } from '../../agent/coupons/index.ts';
import type { CouponTerms, Offer } from '../../agent/offers/types.ts';
import { layoutCoupon } from '../../agent/printing/layout.ts';
import { couponCode } from '../../agent/printing/layout-code.ts';
import type { Symbology } from '../../drivers/scanner/types.ts';
import { rig } from '../drivers/printer/print-rig.ts';
import { bundleOf, type CoreTill, coffee, coreTill, discard, milk, nextVisit } from './core-till.ts';

const fnc1 = '\u001d';

type Barcode = CouponTerms['barcode'];
type Reading = { readonly text: string; readonly aim: string | null; readonly symbology: Symbology | null };

function withCode(barcode: Barcode): Offer {
  assert.ok(nextVisit.coupon !== undefined);
  return { ...nextVisit, coupon: { ...nextVisit.coupon, bearer: true, barcode } };
}

/** What a simulated printer drew in the code of the coupon's slip. */
async function onPaper(till: CoreTill, serial: string): Promise<string> {
  const content = JSON.parse(till.store.printJournal.last(serial)?.content ?? '{}') as SlipContent;
  const { clock, paper, printer, print } = rig({ personality: 'TM-T88VI' });
  const { profile } = paper.personality;
  printer.start();
  print(layoutCoupon({ ...content, ...couponCode(content, profile), languages: ['de'] }, profile.columns));
  await clock.advance(20_000);
  const data = paper.slips()[0]?.symbols[0]?.data;
  await printer.stop();
  assert.ok(data !== undefined);
  return data;
}

/** As scanners send what they read: with an AIM identifier, without one, and as those do that call GS1-128 plain CODE 128. */
function readings(barcode: Barcode, data: string): readonly Reading[] {
  const text = data.startsWith(fnc1) ? data.slice(fnc1.length) : data;
  const named: Readonly<Record<Barcode, readonly [string, Symbology]>> = {
    qr: [']Q1', 'QR'],
    ean13: [']E0', 'EAN13'],
    'gs1-128': [']C1', 'GS1-128'],
    code128: [']C0', 'CODE128'],
  };
  const [aim, symbology] = named[barcode];
  const plain: Reading = { text, aim: null, symbology: null };
  const bare: Reading = { text, aim: null, symbology: barcode === 'gs1-128' ? 'CODE128' : symbology };
  return [{ text: aim + text, aim: null, symbology: null }, { text, aim, symbology }, plain, bare];
}

for (const barcode of ['qr', 'gs1-128', 'ean13', 'code128'] as const)
  test(`a coupon printed as ${barcode} is redeemed by the scan of what is on its slip`, async () => {
    const till = await coreTill({ bundle: bundleOf([withCode(barcode)]) });
    try {
      const [first = ''] = await till.sell('S0');
      let serial = first;
      for (const at of [0, 1, 2, 3]) {
        const reading = readings(barcode, await onPaper(till, serial))[at];
        assert.ok(reading !== undefined);
        const saleId = `S${at + 1}`;
        till.sales.putSale(saleId, { startedAt: till.now(), lines: [milk] }, 'en');
        const outcome = await till.sales.deviceScan({ ...reading, source: 'hid' });
        assert.equal(outcome.kind, 'coupon', JSON.stringify(reading));
        const quote = till.sales.getSale(saleId, 'en');
        const done = till.sales.complete(saleId, { completedAt: till.now(), total: quote.total.net }, 'en');
        assert.equal(till.sales.coupon(serial).state, 'redeemed');
        const again = await till.sales.deviceScan({ ...reading, source: 'hid' });
        assert.equal(again.kind === 'refused' && again.refusal.reason, 'coupon-used');
        serial = done.serials[0] ?? '';
      }
      assert.deepEqual(till.faults, []);
    } finally {
      await discard(till);
    }
  });

test('ten digits find no coupon but one that bears them, and none that another till alone knows', async () => {
  const till = await coreTill({ bundle: bundleOf([withCode('qr')]) });
  const stranger = await coreTill({ bundle: bundleOf([withCode('ean13')]), till: '2' });
  try {
    const [serial = ''] = await till.sell('S1', [coffee]);
    for (const one of [till, stranger]) {
      const answer = await one.sales.scan('S2', { code: eanOfSerial(serial), symbology: 'EAN13' }, 'en');
      assert.equal(answer.kind === 'refused' && answer.reason, 'coupon-unknown');
      // Where such coupons are printed it may well be one of them.
      assert.match(answer.message, one === till ? /another issuer/ : /not ours or not known/);
    }
  } finally {
    await discard(till, stranger);
  }
});

test('no two coupons of a store have the same EAN, and of two that have by chance neither is guessed', async () => {
  // The second draw differs from the first only where an EAN does not reach.
  const draws = [new Uint8Array(15).fill(10), new Uint8Array(15).fill(10).fill(11, 14), new Uint8Array(15).fill(12)];
  let drawn = 0;
  const random = (length: number) => (length === 15 ? draws[drawn++] : undefined) ?? randomBytes(length);
  const till = await coreTill({ bundle: bundleOf([withCode('ean13')]), random });
  try {
    const [first = ''] = await till.sell('S1');
    const [second = ''] = await till.sell('S2');
    assert.notEqual(eanOfSerial(first), eanOfSerial(second));
    const known = till.store.coupons.get(second);
    assert.ok(known !== null);
    const { redeemedAt, redeemedMs, redeemedTill, redeemedSale, voidReason, replacedBy, reprints, ...row } = known;
    till.store.transaction(() => till.store.coupons.add({ ...row, serial: `${first.slice(0, 14)}ZZ`, till: '2' }));
    const answer = await till.sales.scan('S3', { code: eanOfSerial(first) }, 'en');
    assert.equal(answer.message, 'This coupon is not ours or not known.');
    const typed = await till.sales.scan('S3', { code: first }, 'en');
    assert.equal(typed.kind, 'coupon');
  } finally {
    await discard(till);
  }
});
