/** The real agent process on real device nodes: card in at the scanners, coupon out at the printer. */
import assert from 'node:assert/strict';
import { benefitText, createTokens, formatSerial } from '../../agent/coupons/index.ts';
import { layoutCoupon } from '../../agent/printing/layout.ts';
import { encodeSlip } from '../../drivers/printer/escpos/encode.ts';
import { resolveProfile } from '../../drivers/printer/profiles.ts';
import { layoutFor } from '../../drivers/scanner/hid-pos-layout.ts';
import { posReports } from '../../drivers/virtual/scanner.ts';
import { zebra } from '../drivers/scanner/descriptors.ts';
import { serialScanner, typeAt } from './line-scenarios.ts';
import { type Scenario, scanUntil, until } from './scenario.ts';
import { bundle, card, couponKey, field, ok, startTill, type TillProcess } from './till-process.ts';
import { plugUhid, type UhidDevice } from './uhid.ts';
import { createUsbPrinter, type PluggedPrinter } from './usb-printer.ts';

const times = 10;
/** Each question costs the guest's till some 10 ms. */
const askEveryMs = 500;
const lines = [{ lineId: '1', gtin: '7610200337450', quantity: '2', amount: 900 }];

type Place = {
  readonly till: TillProcess;
  readonly printer: PluggedPrinter;
  readonly serial: ReturnType<typeof serialScanner>;
  hid: UhidDevice;
};

let place: Place | null = null;
let coupon = '';

function there(): Place {
  assert.ok(place !== null, 'the till did not start');
  return place;
}

export const tillScenarios: readonly Scenario[] = [
  {
    name: 'a till process with /dev/usb/lp0, a HID POS and a serial scanner starts without any of them and finds each when it is plugged in',
    run: async () => {
      const till = await startTill();
      const printer = createUsbPrinter();
      const serial = serialScanner();
      const status = async () => ok(await till.call('GET', '/v1/status')).body;
      assert.equal(field(await status(), 'printer', 'problem'), 'missing');
      await printer.plug();
      serial.plug();
      place = { till, printer, serial, hid: plugUhid(zebra) };
      await until(
        'printer, scanners and bundle',
        async () => {
          const now = await status();
          return (
            field(now, 'printer', 'problem') === null &&
            field(now, 'scanners', 0, 'connected') === true &&
            field(now, 'scanners', 1, 'connected') === true &&
            field(now, 'bundle', 'version') === bundle.version
          );
        },
        askEveryMs,
      );
    },
  },
  {
    name: 'a card scanned at /dev/hidrawN attaches its member, and the coupon of the sale comes out of /dev/usb/lp0 and is told as printed, byte for byte as encoded',
    run: async () => {
      const { till, printer, hid } = there();
      await openSale(till, 'S1');
      await scanUntil(
        'the member',
        () => scanAtHid(hid, card),
        async () => field(await sale(till, 'S1'), 'member', 'firstName') === 'Anna',
        askEveryMs,
      );
      coupon = await complete(till, 'S1', 900);
      const paper = await printed(till, coupon);
      const { view } = paper;
      coupon = paper.serial;
      const slip = printer.printer.slips().at(-1);
      assert.ok(slip !== undefined);
      const expected = expectedSlip(coupon, String(field(view, 'validFrom')), String(field(view, 'validTo')));
      assert.ok(
        Buffer.from(slip.bytes).includes(Buffer.from(expected)),
        'what was printed holds the encoded coupon, whole and in order',
      );
      assert.deepEqual(
        slip.symbols.map(symbol => symbol.data),
        [token(coupon, String(field(view, 'validFrom')), String(field(view, 'validTo')))],
      );
    },
  },
  {
    name: 'that coupon, scanned at /dev/ttyACM0, is taken off the next sale',
    run: async () => {
      const { till } = there();
      const view = ok(await till.call('GET', `/v1/coupons/${coupon}`)).body;
      await openSale(till, 'S2');
      await scanUntil(
        'the coupon in the sale',
        () => typeAt(`]Q1${token(coupon, String(field(view, 'validFrom')), String(field(view, 'validTo')))}\r`),
        async () => field(await sale(till, 'S2'), 'presented', 0, 'applies') === true,
      );
      await complete(till, 'S2', 800);
      assert.equal(field(ok(await till.call('GET', `/v1/coupons/${coupon}`)).body, 'state'), 'redeemed');
    },
  },
  {
    name: `printer and scanners are unplugged and plugged in again ${times} times during sales: each sale has its member and its coupon on paper`,
    run: async () => {
      const { till, printer, serial } = there();
      for (let time = 0; time < times; time++) {
        const id = `R${time}`;
        await openSale(till, id);
        there().hid.unplug();
        serial.unplug();
        await printer.unplug();
        await until(
          'the loss of all',
          async () => {
            const now = ok(await till.call('GET', '/v1/status')).body;
            return (
              field(now, 'printer', 'problem') === 'missing' &&
              field(now, 'scanners', 0, 'connected') === false &&
              field(now, 'scanners', 1, 'connected') === false
            );
          },
          askEveryMs,
        );
        const hid = plugUhid(zebra);
        there().hid = hid;
        serial.plug();
        await scannersBack(till);
        await scanUntil(
          'the member',
          () => (time % 2 === 0 ? scanAtHid(hid, card) : typeAt(`${card}\r`)),
          async () => field(await sale(till, id), 'member', 'firstName') === 'Anna',
          askEveryMs,
        );
        const issued = await complete(till, id, 900);
        await printer.plug();
        const { serial: last, view } = await printed(till, issued);
        const slip = printer.printer.slips().at(-1);
        assert.deepEqual(
          slip?.symbols.map(symbol => symbol.data),
          [token(last, String(field(view, 'validFrom')), String(field(view, 'validTo')))],
        );
      }
    },
  },
  {
    name: 'the till process that did all this is still the one that was started, and ends when told',
    run: async () => {
      const { till } = there();
      assert.equal(till.process.exitCode, null);
      const { pid } = till.process;
      await till.stop();
      assert.equal(till.process.exitCode, 0, till.log());
      assert.throws(() => process.kill(pid ?? 0, 0));
    },
  },
];

function scanAtHid(hid: UhidDevice, code: string): void {
  for (const report of posReports(code, ']E0', layoutFor(zebra.vendor, zebra.descriptor))) hid.input(report);
}

async function openSale(till: TillProcess, id: string): Promise<void> {
  ok(await till.call('PUT', `/v1/sales/${id}`, { startedAt: new Date().toISOString(), lines }));
}

async function sale(till: TillProcess, id: string): Promise<unknown> {
  return ok(await till.call('GET', `/v1/sales/${id}`)).body;
}

/** Completes and answers the serial of the one coupon. */
async function complete(till: TillProcess, id: string, total: number): Promise<string> {
  const done = ok(
    await till.call('POST', `/v1/sales/${id}/complete`, { completedAt: new Date().toISOString(), total }),
  );
  const serials = field(done.body, 'serials');
  assert.ok(Array.isArray(serials) && serials.length === 1, JSON.stringify(done.body));
  return String(serials[0]);
}

/**
 * Waits for the coupon on paper and answers it. In a guest this slow the printer may be late with its word: then the till takes the weaker
 * proof, or has voided the coupon and printed another in its place, which is the one that counts.
 */
async function printed(
  till: TillProcess,
  serial: string,
): Promise<{ readonly serial: string; readonly view: unknown }> {
  let now = serial;
  const view = await until(
    () => `${now} on paper\n${till.log()}`,
    async () => {
      const seen = ok(await till.call('GET', `/v1/coupons/${now}`)).body;
      const next = field(seen, 'replacedBy');
      if (typeof next === 'string') now = next;
      const evidence = field(seen, 'print');
      return evidence === 'confirmed' || evidence === 'fenced' ? seen : null;
    },
    askEveryMs,
  );
  return { serial: now, view };
}

async function scannersBack(till: TillProcess): Promise<void> {
  await until(
    'both scanners',
    async () => {
      const now = ok(await till.call('GET', '/v1/status')).body;
      return field(now, 'scanners', 0, 'connected') === true && field(now, 'scanners', 1, 'connected') === true;
    },
    askEveryMs,
  );
}

// --- what the coupon must be, made from its serial and dates alone ----------------------------------------------------

function token(serial: string, validFrom: string, validTo: string): string {
  const plain = serial.replaceAll('-', '');
  return createTokens([Buffer.from(couponKey, 'hex')]).write({
    serial: plain,
    offer: bundle.offers[0]?.id ?? '',
    variant: null,
    validFrom,
    validTo,
    binding: null,
  });
}

function expectedSlip(serial: string, validFrom: string, validTo: string): Uint8Array {
  const profile = resolveProfile('TM-T20III', 80);
  const offer = bundle.offers[0];
  const texts = offer?.coupon?.texts.de;
  assert.ok(offer !== undefined && texts !== undefined);
  const large = benefitText(offer.benefit, 'de', bundle.currency, texts.title);
  const slip = layoutCoupon(
    {
      ...texts,
      ...(large === null ? {} : { benefitText: large }),
      validFrom,
      validTo,
      serial: formatSerial(serial.replaceAll('-', '')),
      token: token(serial, validFrom, validTo),
      barcode: 'qr',
      languages: ['de'],
      reprint: false,
    },
    profile.columns,
  );
  return encodeSlip(slip, profile).body;
}
