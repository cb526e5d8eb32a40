/** Every barcode on printers that have it, that lack it and that are narrow, read back from the picture by readers written by others. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeSlip } from '../../../drivers/printer/escpos/encode.ts';
import { resolveProfile } from '../../../drivers/printer/profiles.ts';
import type { BarcodeType } from '../../../drivers/printer/types.ts';
import type { PersonalityName } from '../../../drivers/virtual/printer-personalities.ts';
import { isTillsideError, TillsideError } from '../../../errors.ts';
import { printSlip } from './print-sample.ts';
import {
  type Ink,
  inkOf,
  openZxing,
  pictureOfInk,
  readByZbar,
  type ZxingReader,
  zbarIsThere,
} from './symbol-readers.ts';
import { type SymbolSample, symbolSamples } from './symbol-samples.ts';

const printers: readonly PersonalityName[] = ['TM-T20III', 'TM-T88III', 'silent-58'];

async function pictureOf(personality: PersonalityName, { type, data }: SymbolSample): Promise<Uint8Array | null> {
  try {
    const { slip } = await printSlip(personality, () => [{ kind: 'barcode', type, data, human: '' }, { kind: 'cut' }]);
    return slip.png();
  } catch (error) {
    // 58 mm of paper hold no symbol of 200 modules in one row.
    assert.ok(isTillsideError(error, 'print-content') && error.context.fault === 'too-wide', `${personality} ${type}`);
    assert.equal(personality, 'silent-58');
    return null;
  }
}

for (const personality of printers)
  test(`${personality}: zbarimg reads every code that it knows`, {
    skip: zbarIsThere ? false : 'no zbarimg',
  }, async () => {
    const pictures: Uint8Array[] = [];
    const wanted: string[] = [];
    for (const sample of symbolSamples) {
      if (sample.zbar === undefined) continue;
      const picture = await pictureOf(personality, sample);
      if (picture === null) continue;
      pictures.push(picture);
      wanted.push(`${sample.zbar}:${sample.read}`);
    }
    assert.ok(wanted.length >= (personality === 'silent-58' ? 9 : 11));
    assert.deepEqual(readByZbar(pictures), wanted);
  });

test('the two rows of a stacked GS1 DataBar, put side by side, are read by zbarimg', {
  skip: zbarIsThere ? false : 'no zbarimg',
}, async () => {
  const sample = symbolSamples.find(({ type }) => type === 'databar-stacked');
  assert.ok(sample !== undefined);
  for (const personality of printers) {
    const picture = await pictureOf(personality, sample);
    assert.ok(picture !== null);
    assert.deepEqual(readByZbar([pictureOfInk(unstacked(inkOf(picture)), 3)]), [`DataBar:${sample.read}`], personality);
  }
});

/** GS1 General Specifications: both rows have 50 modules; the upper ends, the lower begins with two of a guard that one row does not have. */
function unstacked({ width, height, dots }: Ink): Ink {
  const module = width / 50;
  assert.ok(Number.isInteger(module), `${width} dots`);
  const rowAt = (y: number) => Array.from({ length: 50 }, (_, at) => dots[y * width + at * module] ?? 0);
  const line = [...rowAt(0).slice(0, 48), ...rowAt(height - 1).slice(2)];
  return { width: 96, height: 33, dots: Uint8Array.from(Array.from({ length: 33 }, () => line).flat()) };
}

const zxing = await openZxing();
const folder = join(import.meta.dirname, 'golden', 'symbols');
/** What zbarimg does not read, and zxing's reader for it. */
const squares = {
  pdf417: 'PDF417Reader',
  datamatrix: 'DataMatrixReader',
  'gs1-datamatrix': 'DataMatrixReader',
  'gs1-qr': 'QRCodeReader',
  'databar-expanded-stacked': 'RSSExpandedReader',
} as const;

for (const personality of printers)
  for (const sample of symbolSamples) {
    const reader = Object.entries(squares).find(([type]) => type === sample.type)?.[1];
    if (reader === undefined) continue;
    const file = join(folder, `${personality}-${sample.type}.png`);

    test(`${personality}: ${sample.type} is dot for dot the picture that zxing has read`, async () => {
      const picture = await pictureOf(personality, sample);
      assert.ok(picture !== null);
      const ink = inkOf(picture);
      // A new picture is kept only when it was read.
      if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, pictureOfInk(readAs(ink, reader, sample), 1, 20));
      assert.deepEqual(ink, inkOf(readFileSync(file)));
    });

    test(`${personality}: zxing reads ${sample.type}`, {
      skip: zxing === null ? 'no @zxing/library' : false,
    }, () => {
      readAs(inkOf(readFileSync(file)), reader, sample);
    });
  }

function readAs(ink: Ink, reader: ZxingReader, sample: SymbolSample): Ink {
  assert.ok(zxing !== null, 'pictures are kept anew only where @zxing/library is installed');
  const read = zxing(ink, reader);
  // FNC1 in the first place is told as GS in DataMatrix; DataBar is told with brackets.
  const plain = read.startsWith('\u001d') ? read.slice(1) : read;
  assert.equal(plain, reader === 'RSSExpandedReader' ? sample.data : sample.read);
  return ink;
}

test('what the printer has no command for goes out as dots, and that is all that differs', async () => {
  const drawn = symbolSamples.filter(({ type, data }) => {
    const { body } = encodeSlip([{ kind: 'barcode', type, data }], resolveProfile('TM-T20III', 80));
    return Buffer.from(body).includes(Buffer.from([0x1d, 0x76, 0x30]));
  });
  assert.deepEqual(
    drawn.map(({ type }) => type),
    ['gs1-qr', 'datamatrix', 'gs1-datamatrix'],
  );
});

const wrong: readonly (readonly [type: BarcodeType, data: string, fault: string])[] = [
  ['ean13', '7612345678901', 'check-digit'],
  ['ean13', '76123456789AB', 'form'],
  ['ean8', '76123451', 'check-digit'],
  ['ean8', '123456', 'form'],
  ['upca', '036000291453', 'check-digit'],
  ['upca', '0360002914', 'form'],
  ['itf', '123', 'form'],
  ['itf', '', 'form'],
  ['itf14', '07612345678901', 'check-digit'],
  ['code128', '', 'length'],
  ['code128', 'Käse', 'characters'],
  ['code128', 'A'.repeat(60), 'too-wide'],
  ['gs1-128', '(255)7612345678901', 'check-digit'],
  ['gs1-128', '(414)7612345678901', 'check-digit'],
  ['gs1-128', '(17)261305', 'form'],
  ['gs1-128', '(10)a b', 'characters'],
  ['gs1-128', '0107612345678900', 'form'],
  ['databar', '(01)07612345678901', 'check-digit'],
  ['databar-stacked', '123', 'form'],
  ['databar-expanded', '(01)07612345678901', 'check-digit'],
  ['databar-expanded', `(10)${'A1'.repeat(10)}(21)${'b2'.repeat(10)}(8110)${'c3'.repeat(20)}`, 'form'],
  ['databar-expanded-stacked', '(8018)761234567890123450', 'check-digit'],
  ['qr', 'a\nb', 'characters'],
  ['qr', 'A'.repeat(601), 'length'],
  ['gs1-qr', '(8017)761234567890123450', 'check-digit'],
  ['pdf417', 'Käse', 'characters'],
  ['datamatrix', 'a\u001bb', 'characters'],
  ['gs1-datamatrix', '(01)07612345678901', 'check-digit'],
];

test('wrong check digits and data that a code cannot hold are refused with one code and the reason', () => {
  for (const profile of ['TM-T20III', 'TM-T88III'])
    for (const [type, data, fault] of wrong)
      assert.throws(
        () => encodeSlip([{ kind: 'barcode', type, data }], resolveProfile(profile, 80)),
        error => error instanceof TillsideError && error.code === 'print-content' && error.context.fault === fault,
        `${type} ${data} on ${profile} is ${fault}`,
      );
});

test('whatever is given as data, a code is printed or refused by its own error, and holds no real-time command', () => {
  const types = [...new Set(symbolSamples.map(({ type }) => type))];
  const digits = fc.stringMatching(/^\d{0,20}$/);
  const elements = fc
    .array(
      fc.tuple(
        fc.constantFrom('01', '10', '17', '21', '255', '3902', '8018', '90', '410', '99'),
        fc.stringMatching(/^[0-9A-Z%*]{0,18}$/),
      ),
      { maxLength: 3 },
    )
    .map(pairs => pairs.map(([ai, value]) => `(${ai})${value}`).join(''));
  fc.assert(
    fc.property(
      fc.constantFrom(...types),
      fc.oneof(digits, elements, fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 12 })),
      fc.constantFrom('TM-T20III', 'TM-T88III', 'generic-58'),
      (type, data, name) => {
        let bytes: Uint8Array;
        try {
          bytes = encodeSlip([{ kind: 'barcode', type, data }], resolveProfile(name, 80)).body;
        } catch (error) {
          // A line below a code may hold a character that the printer lacks; it says so without a fault of the code.
          assert.ok(isTillsideError(error, 'print-content'), String(error));
          return;
        }
        for (let at = 0; at + 1 < bytes.length; at++)
          assert.ok(!(bytes[at] === 0x10 && [0x04, 0x05, 0x14].includes(bytes[at + 1] ?? 0)), `${type} at ${at}`);
      },
    ),
    { numRuns: 600 },
  );
});
