/** The real agent process on real device nodes: card in at the scanners, coupon out at the printer. */
import assert from 'node:assert/strict';
import { benefitText, createTokens, formatSerial } from '../../agent/coupons/index.ts';
import { layoutCoupon } from '../../agent/printing/layout.ts';
import { encodeSlip } from '../../drivers/printer/escpos/encode.ts';
import { resolveProfile } from '../../drivers/printer/profiles.ts';
import { layoutFor } from '../../drivers/scanner/hid-pos-layout.ts';
import { posReports } from '../../drivers/virtual/scanner.ts';
import { datalogic, honeywell, zebra } from '../drivers/scanner/descriptors.ts';
import { type KeyboardScanner, plugKeyboardScanner } from './keyboard-scanner.ts';
import { serialScanner, typeAt } from './line-scenarios.ts';
import { type Scenario, scanUntil, until } from './scenario.ts';
import {
  bundle,
  card,
  couponKey,
  field,
  ok,
  scannerDevices,
  startTill,
  type TillProcess,
  wedge,
} from './till-process.ts';
import { plugUhid, type UhidDevice } from './uhid.ts';
import type { Plug } from './usb-gadget.ts';
import { createUsbPrinter, type PluggedPrinter } from './usb-printer.ts';

const times = 10;
/** Evidence that is made of what the printer said. */
const readBack = ['confirmed', 'fenced'];
/** Each question costs the guest's till some 10 ms. */
const askEveryMs = 500;
const lines = [{ lineId: '1', gtin: '7610200337450', quantity: '2', amount: 900 }];

type Place = {
  readonly till: TillProcess;
  readonly printer: PluggedPrinter;
  readonly serial: Plug;
  scanners: Scanners;
};
/** Three vendors' HID POS scanners and one that types. */
type Scanners = { readonly hid: readonly UhidDevice[]; readonly keyboard: KeyboardScanner };

let place: Place | null = null;
let coupon = '';

function there(): Place {
  assert.ok(place !== null, 'the till did not start');
  return place;
}

export const tillScenarios: readonly Scenario[] = [
  {
    name: 'a till process with /dev/usb/lp0, HID POS scanners of three vendors and a serial one starts without any of them and finds each when it is plugged in',
    run: async () => {
      const till = await startTill();
      const printer = createUsbPrinter();
      const serial = serialScanner();
      assert.equal(field(ok(await till.call('GET', '/v1/status')).body, 'printer', 'problem'), 'missing');
      await printer.plug();
      serial.plug();
      place = { till, printer, serial, scanners: await plugScanners() };
      await connected(till, true);
    },
  },
  {
    name: 'a card scanned at /dev/hidrawN attaches its member, and the coupon of the sale comes out of /dev/usb/lp0 and is told as printed, byte for byte as encoded',
    run: async () => {
      const { till, printer } = there();
      await openSale(till, 'S1');
      await scanUntil(
        'the member',
        () => scanAt(0, card),
        async () => field(await sale(till, 'S1'), 'member', 'firstName') === 'Anna',
        askEveryMs,
      );
      coupon = await complete(till, 'S1', 900);
      const { serial, view } = await printed(coupon);
      coupon = serial;
      const expected = Buffer.from(
        expectedSlip(coupon, String(field(view, 'validFrom')), String(field(view, 'validTo'))),
      );
      const slips = () => printer.printer.slips().map(slip => withoutStatusRequests(slip.bytes));
      await until(
        () => `the encoded coupon, whole and in order, among ${slips().map(bytes => bytes.toString('hex'))}`,
        () => slips().some(bytes => bytes.includes(expected)),
        askEveryMs,
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
        askEveryMs,
      );
      await complete(till, 'S2', 800);
      assert.equal(field(ok(await till.call('GET', `/v1/coupons/${coupon}`)).body, 'state'), 'redeemed');
    },
  },
  {
    name: "through /dev/usb/lp0 the till reads the printer's status back, paper out and in again, and its own word for a coupon",
    run: async () => {
      const { till, printer } = there();
      const told = async (name: string) => field(ok(await till.call('GET', '/v1/status')).body, 'printer', name);
      // A printer that was too late with its first answers is asked again after half a minute.
      await until('a printer that answers', async () => readBack.includes(String(await told('evidence'))), askEveryMs);
      printer.printer.set({ paper: false });
      await until('the missing paper', async () => (await told('problem')) === 'paper-out', askEveryMs);
      printer.printer.set({ paper: true });
      await until('the new roll', async () => (await told('problem')) === null, askEveryMs);
      // In a guest this slow the printer's word may once come too late, and the till then says less than it could.
      let evidence: unknown = null;
      for (let time = 0; time < 5 && !readBack.includes(String(evidence)); time++) {
        await openSale(till, `C${time}`);
        evidence = field((await printed(await complete(till, `C${time}`, 900))).view, 'print');
      }
      assert.ok(readBack.includes(String(evidence)), String(evidence));
    },
  },
  {
    name: `printer, HID POS scanners of three vendors, serial scanner and keyboard wedge are each unplugged and plugged in again ${times} times during sales: all five scanners read after each time, each sale has its member and its coupon on paper`,
    run: async () => {
      const { till, printer, serial } = there();
      for (let time = 0; time < times; time++) {
        const id = `R${time}`;
        await openSale(till, id);
        for (const hid of there().scanners.hid) hid.unplug();
        await there().scanners.keyboard.unplug();
        serial.unplug();
        await printer.unplug();
        await connected(till, false);
        serial.plug();
        there().scanners = await plugScanners();
        // The printer comes back last: the coupon waits for it.
        await connected(till, true, { printer: false });
        const before = till.heard.length;
        const silent = () => scannerDevices.filter(device => !till.heard.slice(before).includes(device));
        await scanUntil(
          () => `scans at ${silent().join(', ')}\n${till.log()}`,
          async () => {
            for (const device of silent()) await scanAt(scannerDevices.indexOf(device), card);
          },
          () => silent().length === 0,
          50,
        );
        assert.equal(field(await sale(till, id), 'member', 'firstName'), 'Anna');
        const issued = await complete(till, id, 900);
        await printer.plug();
        await printed(issued);
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

const vendors = [zebra, honeywell, datalogic];

async function plugScanners(): Promise<Scanners> {
  const hid = vendors.map(plugUhid);
  return { hid, keyboard: await plugKeyboardScanner(wedge.layout, wedge.prefix) };
}

/** Scans at one of `scannerDevices`, by its place. */
async function scanAt(index: number, code: string): Promise<void> {
  const { till, scanners } = there();
  const [vendor, hid] = [vendors[index], scanners.hid[index]];
  if (vendor !== undefined && hid !== undefined) {
    for (const report of posReports(code, ']E0', layoutFor(vendor.vendor, vendor.descriptor))) hid.input(report);
  } else if (scannerDevices[index] !== 'wedge') await typeAt(`${code}\r`);
  else {
    const { keyboard } = scanners;
    const before = keyboard.scans.length;
    keyboard.type(code);
    ok(await till.tellScan(await until('the typed code', () => keyboard.scans[before])));
  }
}

/** Waits until the till has them all, or none. A wedge is always there: it is a keyboard. */
async function connected(till: TillProcess, wanted: boolean, { printer = true } = {}): Promise<void> {
  await until(
    () => `printer and scanners ${wanted ? 'there' : 'gone'}\n${till.log()}`,
    async () => {
      const now = ok(await till.call('GET', '/v1/status')).body;
      const scanners = scannerDevices.every(
        (device, i) => device === 'wedge' || field(now, 'scanners', i, 'connected') === wanted,
      );
      const bundled = field(now, 'bundle', 'version') === bundle.version;
      return scanners && bundled && (!printer || field(now, 'printer', 'problem') === (wanted ? null : 'missing'));
    },
    askEveryMs,
  );
}

/** A till that waits for a slow printer asks for its status in the middle of a job: `DLE EOT n` is no part of what is printed. */
function withoutStatusRequests(bytes: Uint8Array): Buffer {
  const kept: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const n = bytes[at + 2] ?? 0;
    if (bytes[at] === 0x10 && bytes[at + 1] === 0x04 && n >= 1 && n <= 4) at += 2;
    else kept.push(bytes[at] ?? 0);
  }
  return Buffer.from(kept);
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
async function printed(serial: string): Promise<{ readonly serial: string; readonly view: unknown }> {
  const { till, printer } = there();
  let now = serial;
  return until(
    () => `${now} on paper, where ${printer.printer.slips().length} slips lie\n${till.log()}`,
    async () => {
      const view = ok(await till.call('GET', `/v1/coupons/${now}`)).body;
      const next = field(view, 'replacedBy');
      if (typeof next === 'string') now = next;
      if (!['confirmed', 'fenced', 'sent'].includes(String(field(view, 'print')))) return null;
      const wanted = token(now, String(field(view, 'validFrom')), String(field(view, 'validTo')));
      const lies = printer.printer.slips().some(slip => slip.symbols.some(({ data }) => data === wanted));
      return lies ? { serial: now, view } : null;
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
