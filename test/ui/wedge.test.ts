import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isLayoutName, type LayoutName, typedBy } from '../../ui/shared/keyboard-layouts.ts';
import { createWedge, type Wedge, type WedgeKey } from '../../ui/shared/wedge.ts';
import { FakeClock } from '../support/fake-clock.ts';

const layouts: readonly LayoutName[] = ['us', 'de', 'de-CH', 'fr', 'fr-CH'];

const codes = [
  ...[...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].map(letter => `Key${letter}`),
  ...[...'0123456789'].map(digit => `Digit${digit}`),
  ...['Backquote', 'Minus', 'Equal', 'BracketLeft', 'BracketRight', 'Backslash', 'IntlBackslash'],
  ...['Semicolon', 'Quote', 'Comma', 'Period', 'Slash', 'Space'],
];

type Stroke = { readonly code: string; readonly shift: boolean; readonly altGr: boolean; readonly ctrl?: boolean };

/** The key that types `char` in a layout, as a scanner programmed to it would press. */
function strokesFor(layout: LayoutName, char: string): readonly Stroke[] {
  for (const [shift, altGr] of [
    [false, false],
    [true, false],
    [false, true],
  ] as const)
    for (const code of codes) if (typedBy(layout, code, shift, altGr) === char) return [{ code, shift, altGr }];
  const dead: Record<string, string> = { '^': '\u0302', '`': '\u0300', '~': '\u0303' };
  const accent = dead[char];
  assert.ok(accent !== undefined, `${layout} has no ${char}`);
  return [...strokesFor(layout, accent), { code: 'Space', shift: false, altGr: false }];
}

function setUp(layout: LayoutName, prefix?: string) {
  const clock = new FakeClock();
  const scans: string[] = [];
  const replayed: WedgeKey[] = [];
  const wedge: Wedge<WedgeKey> = createWedge<WedgeKey>({
    layout,
    ...(prefix === undefined ? {} : { prefix }),
    clock: { now: () => clock.monotonic(), after: (ms, run) => clock.after(ms, run) },
    onScan: text => scans.push(text),
    onReplay: keys => replayed.push(...keys),
  });
  const press = (stroke: Partial<WedgeKey> & { code: string }) =>
    wedge.key({
      key: '?',
      shift: false,
      altGr: false,
      repeat: false,
      isComposing: false,
      time: clock.monotonic(),
      ...stroke,
    });
  /** Types as fast as a scanner does; answers what became of the last key. */
  const type = async (text: string, gapMs = 5, end: string | null = 'Enter') => {
    let last = 'pass';
    for (const char of text)
      for (const stroke of strokesFor(layout, char)) {
        if (stroke.shift) press({ code: 'ShiftLeft' });
        last = press(stroke);
        await clock.advance(gapMs);
      }
    return end === null ? last : press({ code: end });
  };
  return { clock, wedge, scans, replayed, press, type };
}

for (const layout of layouts) {
  test(`a scanner with the ${layout} layout is understood, y, z and ] included`, async () => {
    const { scans, type, replayed } = setUp(layout);
    const text = 'zZyY-]E0/Az_9.~^[TS1.aB-c';
    assert.equal(await type(text), 'swallow', 'the suffix presses no button');
    assert.deepEqual(scans, [text]);
    assert.deepEqual(replayed, []);
  });
}

test('dead keys of a Swiss scanner meet the letter behind them', async () => {
  const { scans, press, clock, type } = setUp('de-CH');
  await type('caf', 5, null);
  press({ code: 'Equal' });
  press({ code: 'KeyE' });
  await clock.advance(5);
  press({ code: 'Enter' });
  assert.deepEqual(scans, ['cafê']);
});

test('FNC1 as Control and ] is kept as GS', async () => {
  const { scans, type, press } = setUp('us', 'F9');
  press({ code: 'F9' });
  await type('2551', 5, null);
  press({ code: 'BracketRight', ctrl: true });
  await type('17261231');
  assert.deepEqual(scans, ['2551\u001d17261231']);
});

test('a person who types gets every key back, in order', async () => {
  const { scans, replayed, clock, press } = setUp('de');
  for (const code of ['KeyH', 'KeyA', 'KeyL', 'KeyL', 'KeyO']) {
    assert.equal(press({ code }), 'swallow');
    await clock.advance(120);
  }
  assert.deepEqual(
    replayed.map(key => key.code),
    ['KeyH', 'KeyA', 'KeyL', 'KeyL', 'KeyO'],
  );
  assert.equal(press({ code: 'Enter' }), 'pass', "a person's Enter is a person's");
  assert.deepEqual(scans, []);
});

test('two keys rolled quickly and Enter are a person: all three come back', async () => {
  const { scans, replayed, press, clock } = setUp('us');
  press({ code: 'Digit1' });
  await clock.advance(20);
  press({ code: 'Digit2' });
  await clock.advance(20);
  assert.equal(press({ code: 'Enter' }), 'swallow');
  assert.deepEqual(
    replayed.map(key => key.code),
    ['Digit1', 'Digit2', 'Enter'],
  );
  assert.deepEqual(scans, []);
});

test('a scanner without suffix is taken after silence, and an Enter that comes late presses nothing', async () => {
  const { scans, type, clock, press } = setUp('us');
  await type('2501000000017', 5, null);
  await clock.advance(250);
  assert.deepEqual(scans, ['2501000000017']);
  await clock.advance(200);
  assert.equal(press({ code: 'Enter' }), 'swallow');
  assert.equal(press({ code: 'Enter' }), 'pass');
});

test('a person who starts to type right after a scan is not taken into it', async () => {
  const { scans, replayed, type, clock, press } = setUp('us');
  await type('12345678', 5, null);
  await clock.advance(250);
  press({ code: 'KeyA' });
  await clock.advance(100);
  assert.deepEqual(scans, ['12345678']);
  assert.deepEqual(
    replayed.map(key => key.code),
    ['KeyA'],
  );
});

/** Types a code of which one key comes late. */
async function stuttering(code: string, at: number, gapMs: number, { press, clock }: ReturnType<typeof setUp>) {
  for (const [i, digit] of [...code].entries()) {
    if (i > 0) await clock.advance(i === at ? gapMs : 8);
    press({ code: `Digit${digit}` });
  }
  await clock.advance(8);
  return press({ code: 'Enter' });
}

test('a code of which one key comes late is neither cut in two nor robbed of its head, wherever it stutters', async () => {
  const code = '2501000000017';
  for (let at = 1; at < code.length; at++)
    for (const gap of [36, 50, 60, 61, 90, 150, 249]) {
      const wedge = setUp('us');
      assert.equal(await stuttering(code, at, gap, wedge), 'swallow');
      assert.deepEqual(wedge.scans, [code], `${gap} ms before key ${at + 1}`);
      if (at > 3 || gap < 60) assert.deepEqual(wedge.replayed, []);
      else assert.equal(wedge.replayed.length, at, 'the head, given back as if typed, is still part of the code');
    }
});

test('a scanner that is known to end with Enter may stutter for most of a second', async () => {
  const wedge = setUp('us');
  await wedge.type('12345678');
  await wedge.clock.advance(2000);
  await stuttering('2501000000017', 8, 900, wedge);
  assert.deepEqual(wedge.scans, ['12345678', '2501000000017']);
  assert.deepEqual(wedge.replayed, []);
});

test('several stutters in a long code are part of it, a person who is quick now and then is not', async () => {
  const { scans, press, clock, replayed } = setUp('us');
  for (let i = 0; i < 40; i++) {
    await clock.advance(i % 8 === 7 ? 100 : 8);
    press({ code: 'Digit7' });
  }
  press({ code: 'Enter' });
  assert.deepEqual(scans, ['7'.repeat(40)]);
  await clock.advance(1000);
  for (let i = 0; i < 12; i++) {
    await clock.advance(i % 3 === 0 ? 30 : 55);
    press({ code: 'Digit4' });
  }
  await clock.advance(100);
  assert.equal(scans.length, 1);
  assert.equal(replayed.length, 12);
});

test('keys that a person typed before a scan are not taken into it', async () => {
  const { scans, type, press, clock } = setUp('us');
  for (const code of ['KeyH', 'KeyE', 'KeyL', 'KeyL', 'KeyO', 'KeyS', 'KeyA']) {
    press({ code });
    await clock.advance(120);
  }
  await type('12345678'); // the last key was 120 ms ago: a person who typed that much typed that too
  press({ code: 'Digit3' });
  await clock.advance(400);
  await type('12345678');
  press({ code: 'Digit3' });
  await clock.advance(100);
  press({ code: 'Enter' });
  await clock.advance(100);
  await type('12345678');
  assert.deepEqual(scans, ['12345678', '12345678', '12345678']);
});

test('a scanner that presses Shift between its keys is as quick as one that does not', async () => {
  const { scans, press, clock, replayed } = setUp('de');
  for (const code of ['KeyT', 'KeyS', 'KeyA', 'KeyB', 'KeyC', 'KeyD']) {
    press({ code: 'ShiftLeft' });
    await clock.advance(25);
    press({ code, shift: true });
    await clock.advance(25);
  }
  assert.equal(press({ code: 'Enter' }), 'swallow');
  assert.deepEqual([scans, replayed], [['TSABCD'], []]);
});

test('whoever types at a pace that people have gets every key back and scans nothing', async () => {
  const gap = fc.oneof(
    { arbitrary: fc.integer({ min: 45, max: 400 }), weight: 4 },
    { arbitrary: fc.integer({ min: 15, max: 35 }), weight: 1 },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(gap, { maxLength: 40 }), fc.boolean(), async (gaps, known) => {
      // No person types three keys in a row within a tenth of a second.
      const paced = gaps.map((ms, i) => (ms <= 35 && (gaps[i - 1] ?? 99) <= 35 ? 80 : ms));
      const { scans, replayed, press, clock, type } = setUp('us');
      if (known) {
        await type('12345678');
        await clock.advance(2000);
      }
      const before = scans.length;
      let swallowed = 0;
      for (const [i, ms] of paced.entries()) {
        if (press({ code: `Digit${i % 10}` }) === 'swallow') swallowed++;
        await clock.advance(ms);
      }
      if (press({ code: 'Enter' }) === 'swallow') swallowed++;
      await clock.advance(2000);
      assert.equal(scans.length, before);
      assert.equal(replayed.length, swallowed);
    }),
    { numRuns: 200 },
  );
});

test("a shortcut pressed right behind a key is the page's own, after the key", async () => {
  const { press, replayed, clock } = setUp('us');
  press({ code: 'KeyA' });
  await clock.advance(20);
  assert.equal(press({ code: 'KeyV', ctrl: true }), 'pass');
  assert.deepEqual(
    replayed.map(key => key.code),
    ['KeyA'],
  );
});

test('a prefixed code that breaks off is dropped, never typed into the page; what a person typed behind the key comes back', async () => {
  const { press, replayed, scans, clock } = setUp('us', 'F9');
  press({ code: 'F9' });
  for (const code of ['Digit2', 'Digit5', 'Digit0', 'Digit1']) {
    press({ code });
    await clock.advance(10);
  }
  await clock.advance(2000);
  assert.deepEqual([scans, replayed], [[], []]);
  press({ code: 'F9' });
  await clock.advance(200);
  for (const code of ['KeyA', 'KeyB', 'KeyC', 'KeyD']) {
    press({ code });
    await clock.advance(150);
  }
  await clock.advance(2000);
  assert.deepEqual([scans.length, replayed.length], [0, 5]);
});

test('with a prefix, typing is never held and slow scanners are understood', async () => {
  const { scans, replayed, type, press, clock } = setUp('fr', 'F9');
  assert.equal(await type('bonjour', 5), 'pass');
  press({ code: 'F9' });
  await type('TS1.abc', 90);
  assert.deepEqual(scans, ['TS1.abc']);
  assert.equal(press({ code: 'F9' }), 'swallow');
  await clock.advance(500);
  assert.deepEqual(
    replayed.map(key => key.code),
    ['F9'],
    'the key alone was a person',
  );
});

test('held-down keys and keys of an input method are left alone', () => {
  const { press, scans, replayed } = setUp('us');
  assert.equal(press({ code: 'KeyA', repeat: true }), 'pass');
  assert.equal(press({ code: 'KeyA', isComposing: true }), 'pass');
  assert.deepEqual([scans, replayed], [[], []]);
});

test('shortcuts pass', () => {
  const { press } = setUp('us');
  assert.equal(press({ code: 'KeyR', ctrl: true }), 'pass');
  assert.equal(press({ code: 'F5' }), 'pass');
  assert.equal(press({ code: 'Escape' }), 'pass');
});

test('a busy page that fires its timers before the keys that came meanwhile does not tear a scan apart', () => {
  let now = 0;
  let timer: { readonly due: number; readonly run: () => void } | null = null;
  const scans: string[] = [];
  const replayed: WedgeKey[] = [];
  const wedge = createWedge<WedgeKey>({
    layout: 'us',
    clock: {
      now: () => now,
      after(ms, run) {
        timer = { due: now + ms, run };
        return () => {
          timer = null;
        };
      },
    },
    onScan: text => scans.push(text),
    onReplay: keys => replayed.push(...keys),
  });
  const press = (code: string, time: number) =>
    wedge.key({ code, key: '?', shift: false, altGr: false, repeat: false, isComposing: false, time });
  press('Digit1', 0);
  press('Digit2', 5);
  now = 400; // the page did nothing for 400 ms; the other keys came at 10, 15 and 20 ms
  const late = timer as { readonly run: () => void } | null;
  late?.run();
  press('Digit3', 10);
  press('Digit4', 15);
  press('Enter', 20);
  assert.deepEqual(scans, ['1234']);
  assert.deepEqual(replayed, []);
});

test('whatever is typed, every key is passed, replayed once or part of a scan, and nothing throws', async () => {
  const stroke = fc.record({
    code: fc.constantFrom(...codes, 'Enter', 'F9', 'Escape', 'ShiftLeft', 'Unheard'),
    shift: fc.boolean(),
    altGr: fc.boolean(),
    ctrl: fc.boolean(),
    repeat: fc.boolean(),
    isComposing: fc.constant(false),
    gap: fc.constantFrom(0, 3, 20, 35, 36, 80, 400),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...layouts),
      fc.constantFrom('F9', undefined),
      fc.array(stroke, { maxLength: 60 }),
      async (layout, prefix, strokes) => {
        const { scans, replayed, press, clock, wedge } = setUp(layout, prefix);
        let swallowed = 0;
        for (const each of strokes) {
          if (press(each) === 'swallow') swallowed++;
          await clock.advance(each.gap);
        }
        wedge.flush();
        assert.ok(replayed.length <= swallowed);
        if (scans.length === 0 && prefix === undefined) assert.equal(replayed.length, swallowed);
        assert.equal(clock.waiting, 0);
      },
    ),
    { numRuns: 150 },
  );
});

test('layout names are checked', () => {
  assert.equal(isLayoutName('de-CH'), true);
  assert.equal(isLayoutName('dvorak'), false);
  assert.equal(isLayoutName('toString'), false);
});
