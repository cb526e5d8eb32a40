/**
 * A scanner that types: what it sends comes out of the kernel's own keyboard driver at `/dev/input/eventN`, and is read from there into
 * the wedge's parser as a browser would hand it over.
 *
 *   key reports ──► uhid ──► hid-generic, hid-input ──► /dev/input/eventN ──► Linux key code ──► KeyboardEvent.code ──► ui/shared/wedge.ts
 */
import { closeSync, constants, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type LayoutName, typedBy } from '../../ui/shared/keyboard-layouts.ts';
import { createWedge, type Wedge, type WedgeKey } from '../../ui/shared/wedge.ts';
import { keyboard } from '../drivers/scanner/descriptors.ts';
import { until } from './scenario.ts';
import { plugUhid } from './uhid.ts';

/** Name by browsers (UI Events KeyboardEvent code), usage on the wire (HID Usage Tables, page 07), code of Linux (input-event-codes.h). */
const keys: readonly (readonly [code: string, usage: number, linux: number])[] = [
  ...letterRow('QWERTYUIOP', 16),
  ...letterRow('ASDFGHJKL', 30),
  ...letterRow('ZXCVBNM', 44),
  ...[...'1234567890'].map((digit, i) => [`Digit${digit}`, 0x1e + i, 2 + i] as const),
  ['Enter', 0x28, 28],
  ['Space', 0x2c, 57],
  ['Minus', 0x2d, 12],
  ['Equal', 0x2e, 13],
  ['BracketLeft', 0x2f, 26],
  ['BracketRight', 0x30, 27],
  ['Backslash', 0x31, 43],
  ['Semicolon', 0x33, 39],
  ['Quote', 0x34, 40],
  ['Backquote', 0x35, 41],
  ['Comma', 0x36, 51],
  ['Period', 0x37, 52],
  ['Slash', 0x38, 53],
  ['F9', 0x42, 67],
  ['IntlBackslash', 0x64, 86],
];
const modifiers = { shift: [0x02, 42], altGr: [0x40, 100] } as const;

function letterRow(row: string, linux: number): readonly (readonly [string, number, number])[] {
  return [...row].map((letter, i) => [`Key${letter}`, letter.charCodeAt(0) - 0x41 + 0x04, linux + i] as const);
}

/** The reports of a scanner that is set to this layout: each key pressed and let go, Enter last. */
export function keyReports(layout: LayoutName, text: string, prefix: string | null): readonly Uint8Array[] {
  const usageOf = (code: string) => keys.find(([name]) => name === code)?.[1] ?? 0;
  const tap = (code: string, held = 0) => [
    Uint8Array.of(held, 0, usageOf(code), 0, 0, 0, 0, 0),
    Uint8Array.of(held, 0, 0, 0, 0, 0, 0, 0),
  ];
  const typed = [...text].flatMap(char => {
    for (const [code] of keys)
      for (const [shift, altGr] of [
        [false, false],
        [true, false],
        [false, true],
      ] as const)
        if (typedBy(layout, code, shift, altGr) === char)
          return tap(code, (shift ? modifiers.shift[0] : 0) | (altGr ? modifiers.altGr[0] : 0));
    throw new Error(`the ${layout} layout has no key for "${char}"`);
  });
  return [...(prefix === null ? [] : tap(prefix)), ...typed, ...tap('Enter'), new Uint8Array(8)];
}

export interface KeyboardScanner {
  /** Types one code. */
  type(text: string): void;
  /** Codes that the wedge's parser has made of the kernel's events so far. */
  readonly scans: readonly string[];
  unplug(): Promise<void>;
}

/** Plugs it in and reads it as soon as the kernel shows it; with `prefix` as the scanner and the till are set. */
export async function plugKeyboardScanner(layout: LayoutName, prefix: string | null): Promise<KeyboardScanner> {
  const before = new Set(readdirSync('/dev/input'));
  const plugged = plugUhid(keyboard);
  const path = await until('the keyboard', () => newKeyboard(before));
  const file = await until(`${path} to open`, () => opened(path));
  const scans: string[] = [];
  let now = 0;
  const wedge = createWedge<WedgeKey>({
    layout,
    ...(prefix === null ? {} : { prefix }),
    // Time is that of the kernel's stamps; nothing runs out in a guest that is slow.
    clock: { now: () => now, after: () => () => undefined },
    onScan: text => scans.push(text),
    onReplay: () => undefined,
  });
  const listen = listener(wedge, time => {
    now = time;
  });
  let gone = false;
  const read = () => {
    gone ||= !readInto(file, listen);
    if (gone) clearInterval(timer);
  };
  const timer = setInterval(read, 20);
  return {
    scans,
    type(text) {
      for (const report of keyReports(layout, text, prefix)) {
        plugged.input(report);
        read(); // the kernel keeps 64 events for a reader, a code of ten characters
      }
    },
    async unplug() {
      plugged.unplug();
      await until('the keyboard to go', () => gone);
      closeSync(file);
    },
  };
}

function newKeyboard(before: ReadonlySet<string>): string | null {
  const name = readdirSync('/dev/input').find(each => /^event\d+$/.test(each) && !before.has(each));
  if (name === undefined) return null;
  const device = readFileSync(`/sys/class/input/${name}/device/name`, 'utf8').trim();
  return device.startsWith(keyboard.name) ? join('/dev/input', name) : null;
}

function opened(path: string): number | null {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return null; // the node is there before its rights are
  }
}

/** `struct input_event` on 64 bits: seconds, microseconds, type, code, value. */
const eventBytes = 24;
const keyEvent = 1;

/** Reads what is there; false when the device is gone. */
function readInto(file: number, listen: (linux: number, value: number, time: number) => void): boolean {
  const buffer = Buffer.alloc(eventBytes * 64);
  for (;;) {
    let length = 0;
    try {
      length = readSync(file, buffer);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EAGAIN';
    }
    if (length === 0) return false;
    for (let at = 0; at + eventBytes <= length; at += eventBytes) {
      const time = Number(buffer.readBigUInt64LE(at)) * 1000 + Number(buffer.readBigUInt64LE(at + 8)) / 1000;
      if (buffer.readUInt16LE(at + 16) === keyEvent)
        listen(buffer.readUInt16LE(at + 18), buffer.readInt32LE(at + 20), time);
    }
  }
}

/** The `keydown` events that a browser makes of the kernel's. */
function listener(wedge: Wedge<WedgeKey>, moveTo: (time: number) => void) {
  const down = { shift: false, altGr: false };
  return (linux: number, value: number, time: number) => {
    moveTo(time);
    for (const name of ['shift', 'altGr'] as const) if (modifiers[name][1] === linux) down[name] = value !== 0;
    const code =
      keys.find(([, , known]) => known === linux)?.[0] ??
      (linux === modifiers.shift[1] ? 'ShiftLeft' : linux === modifiers.altGr[1] ? 'AltRight' : 'Unidentified');
    if (value === 0) return;
    wedge.key({ code, key: '', ...down, repeat: value === 2, isComposing: false, time });
  };
}
