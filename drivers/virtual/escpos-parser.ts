/** Takes ESC/POS commands off a byte stream one at a time, as a printer's firmware does: a command is only known when all of it has arrived. */

export type EscPosCommand =
  | { readonly kind: 'text'; readonly bytes: Uint8Array }
  | { readonly kind: 'line-feed' }
  /** `name` as in the manuals, `ESC a`; `data` is what follows the name. */
  | { readonly kind: 'command'; readonly name: string; readonly data: Uint8Array }
  | { readonly kind: 'ignored'; readonly byte: number }
  | { readonly kind: 'unknown'; readonly bytes: Uint8Array };

export interface Taken {
  readonly command: EscPosCommand;
  readonly length: number;
}

const ESC = 0x1b;
const FS = 0x1c;
const GS = 0x1d;
const DLE = 0x10;

/** Bytes after a command's letter. */
const escLengths: Readonly<Record<string, number>> = {
  '@': 0,
  '2': 0,
  i: 0,
  m: 0,
  L: 0,
  S: 0,
  ' ': 1,
  '!': 1,
  '%': 1,
  '-': 1,
  '3': 1,
  '=': 1,
  '?': 1,
  E: 1,
  G: 1,
  J: 1,
  K: 1,
  M: 1,
  R: 1,
  T: 1,
  U: 1,
  V: 1,
  a: 1,
  d: 1,
  e: 1,
  r: 1,
  t: 1,
  u: 1,
  v: 0,
  '{': 1,
  $: 2,
  '\\': 2,
  c: 2,
  p: 3,
  W: 8,
};
const gsLengths: Readonly<Record<string, number>> = {
  '!': 1,
  '/': 1,
  ':': 0,
  B: 1,
  E: 1,
  H: 1,
  I: 1,
  T: 1,
  a: 1,
  b: 1,
  f: 1,
  h: 1,
  r: 1,
  w: 1,
  $: 2,
  '\\': 2,
  L: 2,
  P: 2,
  W: 2,
  '^': 3,
};
const fsLengths: Readonly<Record<string, number>> = { '.': 0, '&': 0, '!': 1, '-': 1, C: 1, S: 2, W: 1, p: 2 };

/**
 * The next command; null while it is not whole.
 * @param families letters whose `GS (` commands this printer knows; the bytes of others are text to it
 */
export function takeCommand(bytes: Uint8Array, families: string): Taken | null {
  const first = bytes[0];
  if (first === undefined) return null;
  if (first === 0x0a) return { command: { kind: 'line-feed' }, length: 1 };
  if (first === ESC) return takeEsc(bytes);
  if (first === GS) return takeGs(bytes, families);
  if (first === FS) return bytes[1] === 0x71 ? takeBitImages(bytes) : sized(bytes, 'FS', fsLengths);
  if (first === DLE) return takeDle(bytes);
  if (first < 0x20) return { command: { kind: 'ignored', byte: first }, length: 1 };
  let end = 1;
  while (end < bytes.length && (bytes[end] ?? 0) >= 0x20) end++;
  return { command: { kind: 'text', bytes: bytes.slice(0, end) }, length: end };
}

/** Real-time commands were executed when they arrived; in the stream they are passed over. */
function takeDle(bytes: Uint8Array): Taken | null {
  const second = bytes[1];
  if (second === undefined) return null;
  const length = second === 0x04 || second === 0x05 ? 3 : second === 0x14 ? (bytes[2] === 8 ? 10 : 5) : 1;
  if (bytes.length < length) return null;
  return { command: { kind: 'ignored', byte: DLE }, length };
}

/** Star: `ESC GS t n` selects a page, `ESC GS y` is about QR codes. */
function takeStar(bytes: Uint8Array): Taken | null {
  if (bytes[2] !== 0x79) return bytes.length < 4 ? null : named('ESC GS t', bytes, 3, 4);
  if (bytes[3] === 0x53) return bytes.length < 6 ? null : named('ESC GS y', bytes, 3, 6);
  if (bytes[3] === 0x44) {
    if (bytes.length < 8) return null;
    return whole('ESC GS y', bytes, 3, 8 + (bytes[6] ?? 0) + (bytes[7] ?? 0) * 256);
  }
  return bytes.length < 4 ? null : named('ESC GS y', bytes, 3, 4);
}

function takeEsc(bytes: Uint8Array): Taken | null {
  if (bytes[1] === GS) return takeStar(bytes);
  if (bytes[1] === 0x2a) {
    if (bytes.length < 5) return null;
    const columns = (bytes[3] ?? 0) + (bytes[4] ?? 0) * 256;
    return whole('ESC *', bytes, 2, 5 + columns * ((bytes[2] ?? 0) >= 32 ? 3 : 1));
  }
  return sized(bytes, 'ESC', escLengths);
}

function takeGs(bytes: Uint8Array, families: string): Taken | null {
  const letter = String.fromCharCode(bytes[1] ?? 0);
  if (bytes.length < 2) return null;
  switch (letter) {
    case '(': {
      const family = String.fromCharCode(bytes[2] ?? 0);
      if (bytes.length < 3) return null;
      if (!families.includes(family)) return { command: { kind: 'unknown', bytes: bytes.slice(0, 2) }, length: 2 };
      if (bytes.length < 5) return null;
      return whole(`GS ( ${family}`, bytes, 5, 5 + (bytes[3] ?? 0) + (bytes[4] ?? 0) * 256);
    }
    case 'v': {
      if (bytes.length < 8) return null;
      const size = ((bytes[4] ?? 0) + (bytes[5] ?? 0) * 256) * ((bytes[6] ?? 0) + (bytes[7] ?? 0) * 256);
      return whole('GS v 0', bytes, 3, 8 + size);
    }
    case 'V': {
      const mode = bytes[2];
      if (mode === undefined) return null;
      return whole('GS V', bytes, 2, mode === 0x41 || mode === 0x42 ? 4 : 3);
    }
    case 'k': {
      const symbology = bytes[2];
      if (symbology === undefined) return null;
      if (symbology >= 65) return bytes[3] === undefined ? null : whole('GS k', bytes, 2, 4 + bytes[3]);
      const end = bytes.indexOf(0, 3);
      return end === -1 ? null : whole('GS k', bytes, 2, end + 1);
    }
    default:
      return sized(bytes, 'GS', gsLengths);
  }
}

/** FS q: n images, each with its own size in bytes across and down. */
function takeBitImages(bytes: Uint8Array): Taken | null {
  const images = bytes[2];
  if (images === undefined) return null;
  let end = 3;
  for (let image = 0; image < images; image++) {
    if (bytes.length < end + 4) return null;
    const across = (bytes[end] ?? 0) + (bytes[end + 1] ?? 0) * 256;
    const down = (bytes[end + 2] ?? 0) + (bytes[end + 3] ?? 0) * 256;
    end += 4 + across * down * 8;
  }
  return whole('FS q', bytes, 2, end);
}

function sized(bytes: Uint8Array, lead: string, lengths: Readonly<Record<string, number>>): Taken | null {
  const code = bytes[1];
  if (code === undefined) return null;
  const letter = String.fromCharCode(code);
  const length = lengths[letter];
  if (length === undefined) return { command: { kind: 'unknown', bytes: bytes.slice(0, 2) }, length: 2 };
  return whole(`${lead} ${letter}`, bytes, 2, 2 + length);
}

function whole(name: string, bytes: Uint8Array, dataAt: number, end: number): Taken | null {
  return bytes.length < end ? null : named(name, bytes, dataAt, end);
}

function named(name: string, bytes: Uint8Array, dataAt: number, end: number): Taken {
  return { command: { kind: 'command', name, data: bytes.slice(dataAt, end) }, length: end };
}
