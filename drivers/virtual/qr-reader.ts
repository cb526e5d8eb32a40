/**
 * Reads a QR code out of an image that holds it dot for dot, as an encoder sends it to a printer without QR command. Not for photographs: no perspective,
 * no damage. ISO/IEC 18004: error correction M, versions 1–10.
 */

/** Blocks of error correction M: how many hold so many data codewords, versions 1–10. */
const blocksOfM: readonly (readonly (readonly [count: number, data: number])[])[] = [
  [[1, 16]],
  [[1, 28]],
  [[1, 44]],
  [[2, 32]],
  [[2, 43]],
  [[4, 27]],
  [[4, 31]],
  [
    [2, 38],
    [2, 39],
  ],
  [
    [3, 36],
    [2, 37],
  ],
  [
    [4, 43],
    [1, 44],
  ],
];
const alignmentCentres = [
  [],
  [6, 18],
  [6, 22],
  [6, 26],
  [6, 30],
  [6, 34],
  [6, 22, 38],
  [6, 24, 42],
  [6, 26, 46],
  [6, 28, 50],
];
const alphanumeric = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

type Bit = (row: number, column: number) => number;

/**
 * What the code says, FNC1 between elements as GS; null where the image is no such code.
 * @param bit 1 where the image is black
 */
export function readQr(width: number, height: number, bit: Bit): string | null {
  const side = trimmedWidth(width, height, bit);
  if (side === null) return null;
  // The finder's upper edge is seven modules long.
  let edge = 0;
  while (edge < side && bit(0, edge) === 1) edge++;
  const module = edge / 7;
  const modules = side / module;
  const version = (modules - 17) / 4;
  if (!Number.isInteger(module) || !Number.isInteger(version) || version < 1 || version > 10) return null;
  const at: Bit = (row, column) => bit(row * module, column * module);
  if (!isFinder(at, 0, 0) || !isFinder(at, 0, modules - 7) || !isFinder(at, modules - 7, 0)) return null;
  const format = formatOf(at);
  // Bits 13–14 are the correction: 00 is M.
  if (format >> 13 !== 0) return null;
  return textOf(dataOf(codewordsOf(at, modules, version, (format >> 10) & 7), version), version);
}

/** Width without the white that fills the last byte; null unless the rest is a square. */
function trimmedWidth(width: number, height: number, bit: Bit): number | null {
  let side = width;
  while (side > height && bit(0, side - 1) === 0) side--;
  return side === height && side >= 21 ? side : null;
}

function isFinder(at: Bit, top: number, left: number): boolean {
  for (let row = 0; row < 7; row++)
    for (let column = 0; column < 7; column++) {
      const ring = Math.max(Math.abs(row - 3), Math.abs(column - 3));
      if (at(top + row, left + column) !== (ring === 2 ? 0 : 1)) return false;
    }
  return true;
}

/** The fifteen bits beside the upper left finder, unmasked. */
function formatOf(at: Bit): number {
  const places = [0, 1, 2, 3, 4, 5, 7].map(column => [8, column] as const);
  const more = [8, 7, 5, 4, 3, 2, 1, 0].map(row => [row, 8] as const);
  return [...places, ...more].reduce((bits, [row, column]) => (bits << 1) | at(row, column), 0) ^ 0x5412;
}

function codewordsOf(at: Bit, modules: number, version: number, mask: number): readonly number[] {
  const bits: number[] = [];
  let upwards = true;
  for (let right = modules - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < modules; step++) {
      const row = upwards ? modules - 1 - step : step;
      for (const column of [right, right - 1])
        if (!isFunction(row, column, modules, version))
          bits.push(at(row, column) ^ (isMasked(mask, row, column) ? 1 : 0));
    }
    upwards = !upwards;
  }
  const words: number[] = [];
  for (let start = 0; start + 8 <= bits.length; start += 8)
    words.push(bits.slice(start, start + 8).reduce((word, one) => (word << 1) | one, 0));
  return words;
}

function isFunction(row: number, column: number, modules: number, version: number): boolean {
  const end = modules - 8;
  if ((row < 9 && (column < 9 || column >= end)) || (row >= end && column < 9)) return true;
  if (row === 6 || column === 6) return true;
  if (version >= 7 && ((row < 6 && column >= modules - 11) || (column < 6 && row >= modules - 11))) return true;
  const centres = alignmentCentres[version - 1] ?? [];
  const last = modules - 7;
  return centres.some(y =>
    centres.some(x => {
      const atFinder = (y === 6 && (x === 6 || x === last)) || (y === last && x === 6);
      return !atFinder && Math.abs(row - y) <= 2 && Math.abs(column - x) <= 2;
    }),
  );
}

function isMasked(mask: number, i: number, j: number): boolean {
  switch (mask) {
    case 0:
      return (i + j) % 2 === 0;
    case 1:
      return i % 2 === 0;
    case 2:
      return j % 3 === 0;
    case 3:
      return (i + j) % 3 === 0;
    case 4:
      return (Math.floor(i / 2) + Math.floor(j / 3)) % 2 === 0;
    case 5:
      return ((i * j) % 2) + ((i * j) % 3) === 0;
    case 6:
      return (((i * j) % 2) + ((i * j) % 3)) % 2 === 0;
    default:
      return (((i + j) % 2) + ((i * j) % 3)) % 2 === 0;
  }
}

/** Data codewords in order: the blocks were dealt out in turn. */
function dataOf(words: readonly number[], version: number): readonly number[] {
  const sizes = (blocksOfM[version - 1] ?? []).flatMap(([count, data]) => Array<number>(count).fill(data));
  const blocks: number[][] = sizes.map(() => []);
  let next = 0;
  for (let place = 0; place < Math.max(...sizes); place++)
    blocks.forEach((block, at) => {
      if (place < (sizes[at] ?? 0)) block.push(words[next++] ?? 0);
    });
  return blocks.flat();
}

function textOf(data: readonly number[], version: number): string | null {
  let at = 0;
  const take = (count: number) => {
    let value = 0;
    for (let bit = 0; bit < count; bit++, at++) value = value * 2 + (((data[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
    return value;
  };
  const parts: Uint8Array[] = [];
  let gs1 = false;
  while (at + 4 <= data.length * 8) {
    const mode = take(4);
    if (mode === 0) break;
    if (mode === 5) {
      gs1 = true;
      continue;
    }
    const wide = version >= 10;
    const count =
      mode === 1 ? take(wide ? 12 : 10) : mode === 2 ? take(wide ? 11 : 9) : mode === 4 ? take(wide ? 16 : 8) : -1;
    if (count < 0 || at + count * 3 > data.length * 8) return null;
    if (mode === 4) parts.push(Uint8Array.from({ length: count }, () => take(8)));
    else parts.push(Buffer.from(mode === 1 ? digits(count, take) : signs(count, take, gs1), 'latin1'));
  }
  return Buffer.concat(parts).toString('utf8');
}

function digits(count: number, take: (bits: number) => number): string {
  let text = '';
  for (let left = count; left > 0; left -= 3) {
    const size = Math.min(3, left);
    text += String(take(size * 3 + 1)).padStart(size, '0');
  }
  return text;
}

/** In a GS1 code `%` is FNC1 and `%%` a percent sign. */
function signs(count: number, take: (bits: number) => number, gs1: boolean): string {
  let text = '';
  for (let left = count; left > 0; left -= 2) {
    const value = take(left > 1 ? 11 : 6);
    text +=
      left > 1
        ? (alphanumeric[Math.floor(value / 45)] ?? '') + (alphanumeric[value % 45] ?? '')
        : (alphanumeric[value] ?? '');
  }
  return gs1 ? text.replaceAll(/%%|%/g, sign => (sign === '%' ? '\u001d' : '%')) : text;
}
