/** A picture file as the dots of a slip: scaled to the paper, logos in plain black and white, photographs as a pattern of dots. */
import { PNG } from 'pngjs';
import type { SlipImage } from '../../drivers/printer/types.ts';
import { messageOf, TillsideError } from '../../errors.ts';

export interface ImageRoom {
  /** Dots. */
  readonly width: number;
  readonly height: number;
}

/**
 * @param png PNG file of any colour type; what is transparent is paper
 * @param room the picture is made smaller to fit, never larger
 * @throws TillsideError `print-content` if it is no PNG file
 */
export function slipImage(name: string, png: Uint8Array, room: ImageRoom): SlipImage {
  const grey = scaled(greyOf(name, png), room);
  const black = isPhotograph(grey) ? dithered(grey) : grey.values.map(value => (value < 128 ? 1 : 0));
  const rowBytes = Math.ceil(grey.width / 8);
  const bits = new Uint8Array(rowBytes * grey.height);
  black.forEach((dot, at) => {
    if (dot === 0) return;
    const byte = Math.floor(at / grey.width) * rowBytes + ((at % grey.width) >> 3);
    bits[byte] = (bits[byte] ?? 0) | (0x80 >> ((at % grey.width) & 7));
  });
  return { name, width: grey.width, height: grey.height, bits };
}

interface Grey {
  readonly width: number;
  readonly height: number;
  /** 0 black to 255 white, row by row. */
  readonly values: readonly number[];
}

/** Of a file that is read at all: a few bytes can claim a picture that fills the memory. */
const mostDots = 4_000_000;

function greyOf(name: string, png: Uint8Array): Grey {
  checkSize(name, png);
  let image: PNG;
  try {
    image = PNG.sync.read(Buffer.from(png));
  } catch (cause) {
    throw new TillsideError('print-content', `image "${name}" is no PNG file: ${messageOf(cause)}`, { cause });
  }
  const { width, height, data } = image;
  const values = Array.from({ length: width * height }, (_, at) => {
    const [red = 0, green = 0, blue = 0, alpha = 0] = data.subarray(at * 4, at * 4 + 4);
    const light = 0.299 * red + 0.587 * green + 0.114 * blue;
    return 255 - ((255 - light) * alpha) / 255;
  });
  return { width, height, values };
}

/** Width and height stand in the file's first chunk (PNG specification, IHDR); what is no PNG is found by the reader. */
function checkSize(name: string, png: Uint8Array): void {
  if (png.length < 24) return;
  const head = new DataView(png.buffer, png.byteOffset, png.byteLength);
  if (head.getUint32(16) * head.getUint32(20) > mostDots)
    throw new TillsideError('print-content', `image "${name}" has more than ${mostDots} dots`);
}

/** Mean of the area that becomes a dot. */
function scaled(grey: Grey, room: ImageRoom): Grey {
  const factor = Math.min(1, room.width / grey.width, room.height / grey.height);
  if (factor === 1) return grey;
  const width = Math.max(1, Math.floor(grey.width * factor));
  const height = Math.max(1, Math.floor(grey.height * factor));
  const values: number[] = [];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      values.push(
        mean(grey, (x * grey.width) / width, (y * grey.height) / height, grey.width / width, grey.height / height),
      );
  return { width, height, values };
}

function mean(grey: Grey, left: number, top: number, across: number, down: number): number {
  let sum = 0;
  let count = 0;
  for (let y = Math.floor(top); y < Math.max(Math.floor(top) + 1, Math.floor(top + down)); y++)
    for (let x = Math.floor(left); x < Math.max(Math.floor(left) + 1, Math.floor(left + across)); x++) {
      sum += grey.values[y * grey.width + x] ?? 255;
      count++;
    }
  return sum / count;
}

/** More than a fifth between black and white: edges alone are less. */
function isPhotograph({ values }: Grey): boolean {
  return values.filter(value => value > 64 && value < 192).length > values.length / 5;
}

/** Floyd and Steinberg: what a dot is too dark or too light goes to its neighbours. */
function dithered({ width, height, values }: Grey): readonly number[] {
  const light = [...values];
  const dots: number[] = [];
  const give = (x: number, y: number, amount: number) => {
    if (x >= 0 && x < width && y < height) light[y * width + x] = (light[y * width + x] ?? 0) + amount;
  };
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = light[y * width + x] ?? 255;
      const black = value < 128;
      const rest = value - (black ? 0 : 255);
      dots.push(black ? 1 : 0);
      give(x + 1, y, (rest * 7) / 16);
      give(x - 1, y + 1, (rest * 3) / 16);
      give(x, y + 1, (rest * 5) / 16);
      give(x + 1, y + 1, rest / 16);
    }
  return dots;
}
