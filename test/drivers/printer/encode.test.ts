/** The encoder: golden bytes, and what it refuses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { code128Data, ean13Data, gs1128Data } from '../../../drivers/printer/escpos/barcodes.ts';
import { displayWidth, wrapWords } from '../../../drivers/printer/escpos/display-width.ts';
import { drawSymbol } from '../../../drivers/printer/escpos/drawn-symbols.ts';
import { encodeSlip } from '../../../drivers/printer/escpos/encode.ts';
import { withoutRealTime } from '../../../drivers/printer/escpos/raster.ts';
import { printerProfiles, resolveProfile } from '../../../drivers/printer/profiles.ts';
import type { Slip } from '../../../drivers/printer/types.ts';
import { takeCommand } from '../../../drivers/virtual/escpos-parser.ts';
import { code128 } from '../../../drivers/virtual/printer-symbols.ts';
import { isTillsideError } from '../../../errors.ts';
import { printSlip } from './print-sample.ts';

const epson = resolveProfile('TM-T20III', 80);

function hex(slip: Slip, profile = epson): string {
  const { body, cut } = encodeSlip(slip, profile);
  return Buffer.concat([body, cut]).toString('hex').replaceAll(/(..)/g, '$1 ').trim();
}

const refusal = (error: unknown) => isTillsideError(error, 'print-content');

test('a small coupon is these bytes', () => {
  const { init, body, cut } = encodeSlip(
    [
      { kind: 'text', text: '20 %', size: 2, bold: true, align: 'center' },
      { kind: 'text', text: 'auf Käse' },
      { kind: 'cut' },
    ],
    epson,
  );
  assert.equal(Buffer.from(init).toString('hex'), '1b40' + '1b5200' + '1d50cbcb');
  assert.equal(
    Buffer.from(body).toString('hex'),
    // centre, bold, double, 56 dots a line, "20 %"; then all of it back, 30 dots, "auf K", page 19, "äse"
    `1b6101${'1b4501'}${'1d2111'}${'1b3338'}${'323020250a'}${'1b6100'}${'1b4500'}${'1d2100'}${'1b331e'}${'617566204b'}${'1b7413'}${'8473650a'}`,
  );
  assert.equal(Buffer.from(cut).toString('hex'), '1d564200');
});

test('the page is selected before the character, only when it changes, and by the number of the brand', () => {
  assert.match(hex([{ kind: 'text', text: 'äöü' }]), /1b 74 13 84 94 81 0a$/);
  assert.match(hex([{ kind: 'text', text: 'äЖä' }]), /1b 74 13 84 1b 74 11 86 1b 74 13 84 0a$/);
  assert.match(hex([{ kind: 'text', text: 'ä' }], resolveProfile('CT-S310II', 80)), /1b 74 02 84 0a$/);
  assert.match(hex([{ kind: 'text', text: 'ä' }], resolveProfile('TSP650II', 80)), /1b 1d 74 04 84 0a$/);
  assert.match(hex([{ kind: 'text', text: 'Ł' }], resolveProfile('SRP-350III', 80)), /1b 74 12 9d 0a$/);
});

test('€ prints on every printer', () => {
  for (const profile of printerProfiles) {
    const number = profile.codePages.find(([page]) => page === 'cp858')?.[1];
    assert.ok(
      Buffer.from(encodeSlip([{ kind: 'text', text: '€' }], profile).body).includes(Buffer.of(number ?? 0, 0xd5)),
      profile.name,
    );
  }
});

test('Western, Central European, Cyrillic, Greek and Turkish text comes out as it was written', async () => {
  const lines = [
    'Grüße à côté, 5 €',
    'Příliš žluťoučký kůň',
    'Съешь ещё булок',
    'Ξεσκεπάζω την ψυχή',
    'Şişli İğdır çağı',
  ];
  const { slip } = await printSlip('TM-T20III', () => [
    ...lines.map(text => ({ kind: 'text' as const, text })),
    { kind: 'cut' },
  ]);
  assert.deepEqual(slip.text.split('\n'), lines);
});

test('a character that the printer lacks is replaced as declared, and the replacement is told', () => {
  const { replacements } = encodeSlip([{ kind: 'text', text: 'café → ő' }].map(e => ({ ...e, text: 'Kő' })) as Slip, {
    ...epson,
    codePages: [['cp858', 19]],
  });
  assert.deepEqual(replacements, [{ character: 'ő', by: 'o' }]);
});

test('Greek and Cyrillic names are printed in Latin letters where the printer lacks the alphabet, and it is told', async () => {
  const { slip, encoded } = await printSlip('CT-S310II', () => [
    { kind: 'text', text: 'Ξένια Παπαθανασίου' },
    { kind: 'text', text: 'Їжак Ґалаґан, Ștefan' },
    { kind: 'cut' },
  ]);
  // Citizen has a few Greek letters as signs of mathematics, Cyrillic (cp866) without ґ, and Romanian with cedilla.
  assert.equal(slip.text, 'Xenia Papathanasioy\nЇжак Galagan, Ştefan');
  assert.ok(encoded.replacements.some(({ character, by }) => character === 'Ξ' && by === 'X'));
  const bare = { ...epson, codePages: [['cp437', 0]] as const };
  const { body } = encodeSlip([{ kind: 'text', text: 'Щука, Ștefan' }], bare);
  assert.match(Buffer.from(body).toString('latin1'), /Shchuka, Stefan\n$/);
});

test('columns are counted by Unicode width: combining marks none, East Asian and emoji two', () => {
  assert.equal(displayWidth('Zoe\u0308'), 3);
  assert.equal(displayWidth('漢字かなハングル한글'), 20);
  assert.equal(displayWidth('Ａｂ１'), 6);
  assert.equal(displayWidth('ｱｲｳ'), 3, 'half-width');
  assert.equal(displayWidth('🧀⌚'), 4);
  assert.equal(displayWidth('→½…€'), 4);
  assert.deepEqual(wrapWords('漢字漢字', 5), ['漢字', '漢字']);
});

test('a character that has no replacement is refused, never turned into a question mark', () => {
  for (const text of ['漢字', '☃', 'שלום']) {
    assert.throws(() => encodeSlip([{ kind: 'text', text }], epson), refusal, text);
    assert.throws(() => encodeSlip([{ kind: 'barcode', type: 'code128', data: text }], epson), refusal, text);
  }
});

test('no text of a customer or a product becomes a command', () => {
  const commandBytes = [0x1b, 0x1d, 0x10, 0x1c, 0x00, 0x0c, 0x18];
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), fc.constantFrom(...printerProfiles), (text, profile) => {
      let body: Uint8Array;
      try {
        body = encodeSlip([{ kind: 'text', text }], profile).body;
      } catch (error) {
        assert.ok(refusal(error));
        return;
      }
      const own = withoutOwnCommands(body);
      for (const byte of commandBytes) assert.ok(!own.includes(String.fromCharCode(byte)), `byte ${byte}`);
    }),
    { numRuns: 1000 },
  );
});

/** Takes out line spacing and code pages, the only commands that plain text needs. */
function withoutOwnCommands(body: Uint8Array): string {
  const [esc, gs] = ['\u001b', '\u001d'];
  let rest = Buffer.from(body).toString('latin1');
  for (const lead of [`${esc}3`, `${esc}t`, `${esc}${gs}t`])
    for (let at = rest.indexOf(lead); at !== -1; at = rest.indexOf(lead))
      rest = rest.slice(0, at) + rest.slice(at + lead.length + 1);
  return rest;
}

test('whatever stands in a text, a column, a line under a code or an image name, the printer sees only the commands of the slip', () => {
  const hostile = fc.string({
    unit: fc.constantFrom(
      '\u001b',
      '\u001d',
      '\u0010',
      '\u0004',
      '\u0014',
      '\u0000',
      '\u0018',
      '\u001c',
      '@',
      'V',
      'p',
      'a',
      '{',
      '1',
      ' ',
      'é',
      'Ж',
      '\n',
    ),
    maxLength: 24,
  });
  const allowed = [
    'ESC a',
    'ESC E',
    'ESC 3',
    'ESC t',
    'ESC GS t',
    'ESC J',
    'GS !',
    'GS B',
    'GS h',
    'GS w',
    'GS H',
    'GS k',
    'GS v 0',
    'ESC M',
  ];
  fc.assert(
    fc.property(hostile, hostile, hostile, fc.constantFrom(...printerProfiles), (one, two, three, profile) => {
      const slip: Slip = [
        { kind: 'text', text: one, size: 2, inverse: true },
        { kind: 'columns', left: two, right: one },
        { kind: 'barcode', type: 'ean8', data: '7612345', human: three },
        { kind: 'image', name: two, width: 8, height: 1, bits: Uint8Array.of(1) },
        { kind: 'text', text: three, small: true },
      ];
      let rest = encodeSlip(slip, profile).body;
      const codes: number[] = [];
      while (rest.length > 0) {
        const taken = takeCommand(rest, 'k');
        assert.ok(taken !== null, 'a command that has no end');
        const { command } = taken;
        assert.ok(command.kind !== 'unknown' && command.kind !== 'ignored', `a stray ${command.kind} byte`);
        if (command.kind === 'command') assert.ok(allowed.includes(command.name), command.name);
        if (command.kind === 'command' && command.name === 'GS k') codes.push(command.data[0] ?? 0);
        rest = rest.subarray(taken.length);
      }
      assert.deepEqual(codes, [68]);
    }),
    { numRuns: 400 },
  );
});

test('control characters are left out and told, a tab is a blank, a line feed a line', () => {
  const { body, replacements } = encodeSlip([{ kind: 'text', text: 'a\x1b@b\tc\u202ed\ne' }], epson);
  assert.match(Buffer.from(body).toString('latin1'), /a@b cd\ne\n$/);
  assert.deepEqual(
    replacements.map(({ character, by }) => [character.codePointAt(0), by]),
    [
      [0x1b, ''],
      [0x202e, ''],
    ],
  );
});

test('no real-time command stands in any slip, whatever its image, code and text are', () => {
  const noRealTime = (bytes: Uint8Array) => {
    for (let at = 0; at + 1 < bytes.length; at++)
      assert.ok(!(bytes[at] === 0x10 && [0x04, 0x05, 0x14].includes(bytes[at + 1] ?? 0)), `at ${at}`);
  };
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16 * 300, maxLength: 16 * 300 }),
      // At most 14 characters: what fits the paper in any mix of code sets.
      fc.stringMatching(/^(16|04|05|20|1|6|\{){1,7}$/),
      (noise, data) => {
        const bits = noise.map(byte => [0x10, 0x04, 0x05, 0x14, byte][byte % 5] ?? 0);
        const slip: Slip = [
          { kind: 'image', name: 'noise', width: 128, height: 300, bits },
          { kind: 'barcode', type: 'code128', data },
          { kind: 'barcode', type: 'qr', data },
          { kind: 'feed', lines: 16 },
          { kind: 'cut' },
        ];
        const { init, body, cut } = encodeSlip(slip, epson);
        noRealTime(Buffer.concat([init, body, cut]));
        assert.deepEqual(withoutRealTime(withoutRealTime(bits)), withoutRealTime(bits));
      },
    ),
    { numRuns: 60 },
  );
});

test('an EAN-13 gets its check digit, and a wrong one is refused', () => {
  assert.equal(Buffer.from(ean13Data('761234567890')).toString(), '7612345678900');
  assert.equal(Buffer.from(ean13Data('7612345678900')).toString(), '7612345678900');
  assert.throws(() => ean13Data('7612345678901'), refusal);
  assert.throws(() => ean13Data('76123456789'), refusal);
  assert.throws(() => ean13Data('76123456789AB'), refusal);
});

test('CODE128 begins with a set, doubles { and says its length', () => {
  assert.equal(Buffer.from(code128Data('A{1')).toString('latin1'), '{BA{{1');
  assert.equal(Buffer.from(code128Data('123456')).toString('hex'), '7b430c2238');
  assert.match(
    hex([{ kind: 'barcode', type: 'code128', data: 'A{1', human: '' }]),
    /1d 6b 49 06 7b 42 41 7b 7b 31 1b 4a 0c$/,
  );
});

test('whatever CODE128 holds, control characters included, the bars say the same again', () => {
  const ascii = fc
    .array(fc.integer({ min: 0, max: 127 }), { minLength: 1, maxLength: 24 })
    .map(codes => String.fromCharCode(...codes));
  fc.assert(
    fc.property(fc.oneof(fc.stringMatching(/^([ -~]|\d{1,7}|\{){1,30}$/), ascii), data => {
      assert.equal(code128(code128Data(data))?.text, data);
    }),
    { numRuns: 1000 },
  );
});

test('CODE128 is never longer than what bwip-js makes of it, and takes set A only for control characters', () => {
  const modules = (data: string) => code128(code128Data(data))?.modules.length ?? 0;
  assert.equal(Buffer.from(code128Data('a\u0009b')).toString('latin1'), '{Ba{S\u0009b');
  assert.equal(Buffer.from(code128Data('\u0009\u0002A')).toString('latin1'), '{A\u0009\u0002A');
  assert.equal(Buffer.from(code128Data('12345')).toString('latin1'), '{B1{C\u0017-');
  assert.equal(Buffer.from(code128Data('A1234B')).toString('latin1'), '{BA1234B');
  fc.assert(
    fc.property(fc.stringMatching(/^([A-Za-z]{1,3}|\d{1,8}|[\t\n]){1,8}$/), data => {
      const { width } = drawSymbol('code128', data);
      assert.ok(modules(data) <= width, `${JSON.stringify(data)}: ${modules(data)} modules, not ${width}`);
    }),
    { numRuns: 150 },
  );
});

test('no CODE128 holds a real-time command, whatever its data', () => {
  const tricky = fc.array(fc.constantFrom(0x10, 0x04, 0x05, 0x14, 0x31, 0x36, 0x30, 0x34, 0x61), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(tricky, codes => {
      const data = String.fromCharCode(...codes);
      const bytes = code128Data(data);
      for (let at = 0; at + 1 < bytes.length; at++)
        assert.ok(!(bytes[at] === 0x10 && [0x04, 0x05, 0x14].includes(bytes[at + 1] ?? 0)));
      assert.equal(code128(bytes)?.text, data);
    }),
    { numRuns: 1000 },
  );
});

test('GS1-128 checks its numbers and separates what has no fixed length', () => {
  const { bytes } = gs1128Data('(255)7612345678900004711(17)261205');
  assert.equal(code128(bytes)?.text, '2557612345678900004711\u001d17261205');
  assert.equal(code128(gs1128Data('(17)261205(10)AB12').bytes)?.text, '1726120510AB12');
  assert.throws(() => gs1128Data('(255)7612345678901004711'), refusal, 'check digit');
  assert.throws(() => gs1128Data('(17)261305'), refusal, 'month 13');
  assert.throws(() => gs1128Data('2557612345678900'), refusal, 'no brackets');
  assert.throws(() => gs1128Data('(10)'), refusal, 'empty');
});

test('what does not fit the paper is refused', () => {
  const narrow = resolveProfile('auto', 58);
  assert.throws(() => encodeSlip([{ kind: 'barcode', type: 'code128', data: 'A'.repeat(40) }], narrow), refusal);
  assert.throws(() => encodeSlip([{ kind: 'barcode', type: 'qr', data: 'A'.repeat(601) }], narrow), refusal);
  assert.throws(() => encodeSlip([{ kind: 'barcode', type: 'qr', data: 'a\nb' }], narrow), refusal);
  const bits = new Uint8Array(72);
  assert.throws(() => encodeSlip([{ kind: 'image', name: 'logo', width: 576, height: 1, bits }], narrow), refusal);
  assert.throws(() => encodeSlip([{ kind: 'image', name: 'logo', width: 100, height: 1, bits }], narrow), refusal);
  assert.throws(() => encodeSlip([{ kind: 'feed', lines: 256 }], narrow), refusal);
});

test('columns keep the right text at the edge by the width of what is printed', async () => {
  const { slip, profile } = await printSlip('TM-T88VI', () => [
    { kind: 'columns', left: 'Bio-Rüeblisaft aus dem Seeland, frisch gepresst, 1 l', right: 'CHF 4.90' },
    { kind: 'cut' },
  ]);
  const lines = slip.text.split('\n');
  assert.equal(lines.length, 2);
  assert.equal(lines[1]?.length, profile.columns);
  assert.match(lines[1] ?? '', / CHF 4\.90$/);
});

test('there is nothing after the cut, and a printer without cutter is fed to the edge', () => {
  assert.match(hex([{ kind: 'text', text: 'x' }, { kind: 'cut' }]), /0a 1d 56 42 00$/);
  assert.match(hex([{ kind: 'text', text: 'x' }, { kind: 'cut' }], resolveProfile('auto', 58)), /0a 1b 64 05$/);
});

test('a profile is found whatever the spelling, and an unknown one is refused with the list', () => {
  assert.equal(resolveProfile('tm t88 vi', 80).name, 'TM-T88VI');
  assert.equal(resolveProfile('auto', 58).columns, 32);
  assert.throws(
    () => resolveProfile('TM-T99', 80),
    error => isTillsideError(error, 'config-invalid') && /TM-T99.*TM-T20II/.test(error.message),
  );
});
