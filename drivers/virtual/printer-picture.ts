/** A slip as a picture: what the head has printed, on paper with its margins, cut at both ends. */
import { PNG } from 'pngjs';
import type { Rows } from './printer-canvas.ts';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** One bit a dot, 1 = black, rows padded to whole bytes. */
  readonly bits: Uint8Array;
}

const sideMargin = 32;
const endMargin = 40;

/** Of a piece of paper, margins included; all in dots. */
export function pictureSize(height: number, dots: number): { readonly width: number; readonly height: number } {
  return { width: dots + 2 * sideMargin, height: height + 2 * endMargin };
}

/** @param dots printable dots across */
export function pictureOf(rows: readonly Rows[], dots: number): Picture {
  const printed = rows.reduce((sum, part) => sum + part.height, 0);
  const { width, height } = pictureSize(printed, dots);
  const rowBytes = Math.ceil(width / 8);
  const bits = new Uint8Array(rowBytes * height);
  let y = endMargin;
  for (const part of rows) {
    for (let row = 0; row < part.height; row++, y++) {
      for (let column = 0; column < dots; column++) {
        if (part.dots[row * dots + column] !== 1) continue;
        const x = column + sideMargin;
        const at = y * rowBytes + (x >> 3);
        bits[at] = (bits[at] ?? 0) | (0x80 >> (x & 7));
      }
    }
  }
  return { width, height, bits };
}

/** Grey PNG, black on white. */
export function pngOf({ width, height, bits }: Picture): Uint8Array {
  const rowBytes = Math.ceil(width / 8);
  const png = new PNG({ width, height });
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const black = ((bits[y * rowBytes + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1;
      png.data.fill(black === 1 ? 0 : 255, (y * width + x) * 4, (y * width + x) * 4 + 3);
      png.data[(y * width + x) * 4 + 3] = 255;
    }
  }
  return PNG.sync.write(png, { colorType: 0, deflateLevel: 9 });
}
