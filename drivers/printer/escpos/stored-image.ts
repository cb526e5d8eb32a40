/** Images in the printer's own memory: put there once, printed from there by a few bytes. */
import { TillsideError } from '../../../errors.ts';
import type { PrinterProfile } from '../profiles.ts';
import type { SlipImage } from '../types.ts';
import * as command from './commands.ts';
import { checkImage, withoutRealTime } from './raster.ts';

/** A logo of 50 mm; the memory of older printers holds no more. */
const mostRows = 400;

/**
 * The command that keeps an image.
 * @param key two characters 20h–7Eh; memories of numbered images hold one, whatever the key
 * @throws TillsideError `print-content` if the printer keeps no images, or not this one
 */
export function storeImage(key: string, image: SlipImage, profile: PrinterProfile): Uint8Array {
  checkImage(image, profile.dots);
  if (!/^[\x20-\x7e]{2}$/.test(key))
    throw new TillsideError('print-content', 'an image is kept under two characters of ASCII');
  if (image.height > mostRows)
    throw new TillsideError('print-content', `an image of ${image.height} rows is not kept; ${mostRows} are the most`);
  switch (profile.imageMemory) {
    case 'keyed': {
      const { bits, height } = roomy(image);
      return command.storeGraphics(key, withoutRealTime(bits), image.width, height);
    }
    case 'numbered': {
      const across = Math.ceil(image.width / 8);
      const down = Math.ceil(image.height / 8);
      return command.storeBitImage(withoutRealTime(columnsOf(image, across, down)), across, down);
    }
    case 'none':
      throw new TillsideError('print-content', `a ${profile.name} keeps no images`);
  }
}

/** The command that prints it. */
export function printStored(key: string, profile: PrinterProfile): Uint8Array {
  return profile.imageMemory === 'keyed' ? command.printGraphics(key) : command.printBitImage;
}

/** A white row more where the command's length bytes would read as the beginning of a real-time command. */
function roomy(image: SlipImage): Pick<SlipImage, 'bits' | 'height'> {
  const length = image.bits.length + 11;
  const unlucky = (length & 0xff) === 0x10 && [0x04, 0x05, 0x14].includes(length >> 8);
  if (!unlucky) return image;
  return { bits: Buffer.concat([image.bits, new Uint8Array(Math.ceil(image.width / 8))]), height: image.height + 1 };
}

/** Column by column, eight dots of a column a byte, as FS q has it. */
function columnsOf(image: SlipImage, across: number, down: number): Uint8Array {
  const columns = new Uint8Array(across * 8 * down);
  for (let y = 0; y < image.height; y++)
    for (let x = 0; x < image.width; x++) {
      if ((((image.bits[y * across + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1) === 0) continue;
      const at = x * down + (y >> 3);
      columns[at] = (columns[at] ?? 0) | (0x80 >> (y & 7));
    }
  return columns;
}
