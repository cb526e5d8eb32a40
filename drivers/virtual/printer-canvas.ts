/** What a printer's head makes of text and codes: rows of dots, line by line. Knows modes, not time or paper. */
import { pageCharacter } from '../printer/escpos/code-pages.ts';
import type { CodePage } from '../printer/profiles.ts';
import { type Font, fontSize, type Glyph, glyph } from './printer-font.ts';
import { type Bars, code128, ean8, ean13, itf, upcA } from './printer-symbols.ts';
import { readQr } from './qr-reader.ts';

/** A code that stands on the paper whole. */
export interface PrintedSymbol {
  readonly type: 'qr' | 'code128' | 'ean13' | 'ean8' | 'upca' | 'itf' | 'databar' | 'databar-expanded' | 'pdf417';
  readonly data: string;
}

/** Rows to print; `symbol` is on paper when the last of them is. */
export interface Rows {
  /** One byte a dot, `width` to a row. */
  readonly dots: Uint8Array;
  readonly height: number;
  readonly symbol?: PrintedSymbol;
  readonly text?: string;
}

export interface Modes {
  align: 'left' | 'center' | 'right';
  font: Font;
  across: number;
  down: number;
  bold: boolean;
  underline: boolean;
  inverse: boolean;
  spacing: number;
  page: CodePage | null;
  barHeight: number;
  barModule: number;
}

export const defaultSpacing = 30;

export function defaultModes(): Modes {
  return {
    align: 'left',
    font: 'A',
    across: 1,
    down: 1,
    bold: false,
    underline: false,
    inverse: false,
    spacing: defaultSpacing,
    page: 'cp437',
    barHeight: 162,
    barModule: 3,
  };
}

interface Cell {
  readonly glyph: Glyph;
  readonly character: string;
  readonly bold: boolean;
  readonly inverse: boolean;
  readonly underline: boolean;
  readonly across: number;
}

export interface LineBuffer {
  readonly empty: boolean;
  /** Bytes of text; returns lines that ran over the edge. */
  text(bytes: Uint8Array, modes: Modes): readonly Rows[];
  /** The line as rows, at least `spacing` high, and a new one begins. */
  flush(modes: Modes): Rows;
  clear(): void;
}

/** @param width printable dots */
export function createLineBuffer(width: number): LineBuffer {
  let cells: Cell[] = [];
  let used = 0;
  const flush = (modes: Modes): Rows => {
    const tallest = Math.max(0, ...cells.map(cell => cell.glyph.height));
    const height = Math.max(modes.spacing, tallest);
    const dots = new Uint8Array(width * height);
    let x = start(modes.align, width, used);
    for (const cell of cells) {
      paint(dots, width, x, tallest - cell.glyph.height, cell);
      x += cell.glyph.width;
    }
    const text = cells.map(cell => cell.character).join('');
    cells = [];
    used = 0;
    return { dots, height, text };
  };
  return {
    get empty() {
      return cells.length === 0;
    },
    text(bytes, modes) {
      const over: Rows[] = [];
      for (const byte of bytes) {
        const character = (modes.page === null ? null : pageCharacter(modes.page, byte)) ?? '\u25a1';
        const { width: dots } = fontSize(modes.font);
        if (used + dots * modes.across > width) over.push(flush(modes));
        const { bold, inverse, underline, across } = modes;
        cells.push({
          glyph: glyph(character, modes.font, across, modes.down),
          character,
          bold,
          inverse,
          underline,
          across,
        });
        used += dots * across;
      }
      return over;
    },
    flush,
    clear() {
      cells = [];
      used = 0;
    },
  };
}

/** `GS k` 0–6 and 65–73; null where the printer would refuse the data or the code is wider than the paper. */
export function barcodeRows(symbology: number, data: Uint8Array, modes: Modes, width: number): Rows | null {
  const [type, bars] = barsOf(symbology < 65 ? symbology + 65 : symbology, data, modes.barModule);
  if (type === null || bars === null) return null;
  const module = bars.inDots ? 1 : modes.barModule;
  const across = bars.modules.length * module;
  if (across > width) return null;
  const dots = new Uint8Array(width * modes.barHeight);
  const left = start(modes.align, width, across);
  bars.modules.forEach((bar, at) => {
    if (bar === 0) return;
    for (let row = 0; row < modes.barHeight; row++) {
      const from = row * width + left + at * module;
      dots.fill(1, from, from + module);
    }
  });
  return { dots, height: modes.barHeight, symbol: { type, data: bars.text } };
}

function barsOf(
  symbology: number,
  data: Uint8Array,
  module: number,
): readonly [type: PrintedSymbol['type'] | null, bars: Bars | null] {
  switch (symbology) {
    case 65:
      return ['upca', upcA(data)];
    case 67:
      return ['ean13', ean13(data)];
    case 68:
      return ['ean8', ean8(data)];
    case 70:
      return ['itf', itf(data, module)];
    case 73:
      return ['code128', code128(data)];
    default:
      return [null, null];
  }
}

/** Squares of `module` dots; null where they are wider than the paper. */
export function squareRows(
  squares: { readonly width: number; readonly modules: ArrayLike<number> },
  module: number,
  align: Modes['align'],
  width: number,
  symbol: PrintedSymbol,
): Rows | null {
  const across = squares.width * module;
  if (across > width) return null;
  const height = (squares.modules.length / squares.width) * module;
  const dots = new Uint8Array(width * height);
  const left = start(align, width, across);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < across; column++) {
      const dark = squares.modules[Math.floor(row / module) * squares.width + Math.floor(column / module)];
      dots[row * width + left + column] = dark ?? 0;
    }
  }
  return { dots, height, symbol };
}

/** `GS v 0`; mode 1 doubles the width, 2 the height. A QR code in it is read, as any scanner would. */
export function rasterRows(data: Uint8Array, modes: Modes, width: number): Rows {
  const rowBytes = (data[1] ?? 0) + (data[2] ?? 0) * 256;
  const height = (data[3] ?? 0) + (data[4] ?? 0) * 256;
  const image = { width: rowBytes * 8, height, bits: data.subarray(5) };
  return imageRows(image, ((data[0] ?? 0) & 1) + 1, (((data[0] ?? 0) >> 1) & 1) + 1, modes.align, width);
}

/** One bit a dot, rows padded to whole bytes; what is over the edge is not printed. */
export function imageRows(
  image: { readonly width: number; readonly height: number; readonly bits: Uint8Array },
  across: number,
  down: number,
  align: Modes['align'],
  width: number,
): Rows {
  const rowBytes = Math.ceil(image.width / 8);
  const bit = (row: number, column: number) =>
    ((image.bits[row * rowBytes + (column >> 3)] ?? 0) >> (7 - (column & 7))) & 1;
  const used = Math.min(width, image.width * across);
  const dots = new Uint8Array(width * image.height * down);
  const left = start(align, width, used);
  for (let row = 0; row < image.height * down; row++) {
    for (let column = 0; column < used; column++)
      dots[row * width + left + column] = bit(Math.floor(row / down), Math.floor(column / across));
  }
  const read = readQr(image.width, image.height, bit);
  const rows = { dots, height: image.height * down };
  return read === null ? rows : { ...rows, symbol: { type: 'qr', data: read } };
}

export function blankRows(height: number, width: number): Rows {
  return { dots: new Uint8Array(width * height), height };
}

function start(align: Modes['align'], width: number, used: number): number {
  const free = Math.max(0, width - used);
  return align === 'left' ? 0 : align === 'right' ? free : free >> 1;
}

function paint(dots: Uint8Array, width: number, left: number, top: number, cell: Cell): void {
  const { glyph: picture, bold, inverse, underline, across } = cell;
  const smear = Math.max(1, across - 1);
  for (let row = 0; row < picture.height; row++) {
    for (let column = 0; column < picture.width; column++) {
      const at = row * picture.width + column;
      let dot = picture.dots[at] ?? 0;
      if (bold && column >= smear) dot |= picture.dots[at - smear] ?? 0;
      if (underline && row === picture.height - 2) dot = 1;
      if (inverse) dot ^= 1;
      const x = left + column;
      if (dot === 1 && x < width) dots[(top + row) * width + x] = 1;
    }
  }
}
