/** Images as raster bands, with no pair of bytes in them that a printer takes for a real-time command. */
import { TillsideError } from '../../../errors.ts';
import type { SlipImage } from '../types.ts';
import { raster, type Stretch } from './commands.ts';

const bandRows = 200;

/**
 * Bands of at most 200 rows.
 * @param dots printable dots across
 * @throws TillsideError `print-content` if the image is wider than the paper or its bits don't fit its size
 */
export function rasterBands(image: SlipImage, dots: number, stretch?: Stretch): readonly Uint8Array[] {
  checkImage(image, dots, stretch?.across);
  const rowBytes = Math.ceil(image.width / 8);
  const safe = withoutRealTime(image.bits);
  const bands: Uint8Array[] = [];
  for (let row = 0; row < image.height; row += bandRows)
    bands.push(raster(safe.subarray(row * rowBytes, (row + bandRows) * rowBytes), rowBytes, stretch));
  return bands;
}

/** @throws TillsideError `print-content` */
export function checkImage(image: SlipImage, dots: number, across = 1): void {
  const rowBytes = Math.ceil(image.width / 8);
  const shape = Number.isInteger(image.width) && Number.isInteger(image.height) && image.width > 0 && image.height > 0;
  if (!shape || image.bits.length !== rowBytes * image.height)
    throw new TillsideError('print-content', `the bits of image "${image.name}" do not fit its width and height`);
  if (image.width * across > dots)
    throw new TillsideError(
      'print-content',
      `image "${image.name}" is ${image.width * across} dots wide, the paper ${dots}`,
    );
}

/**
 * DLE (10h) before EOT, ENQ or DC4 would be executed by the printer even inside an image (Epson reference, DLE EOT notes). One more black dot beside
 * the one that 10h draws takes the sequence away and is not seen.
 */
export function withoutRealTime(data: Uint8Array): Uint8Array {
  const safe = Uint8Array.from(data);
  for (let at = 0; at + 1 < safe.length; at++) {
    const next = safe[at + 1];
    if (safe[at] === 0x10 && (next === 0x04 || next === 0x05 || next === 0x14)) safe[at] = 0x18;
  }
  return safe;
}
