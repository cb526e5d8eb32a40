/** The picture of a sample offer: a cup of coffee on its saucer. */
import type { SlipImage } from '../../../drivers/printer/types.ts';

const width = 160;
const height = 96;

export const coffeePicture: SlipImage = {
  name: 'picture',
  width,
  height,
  bits: Uint8Array.from({ length: (width * height) / 8 }, (_, at) => {
    let byte = 0;
    for (let bit = 0; bit < 8; bit++)
      if (isBlack((at * 8 + bit) % width, Math.floor((at * 8) / width))) byte |= 0x80 >> bit;
    return byte;
  }),
};

function isBlack(x: number, y: number): boolean {
  // Three wisps of steam, the cup with its rim, a handle, the saucer.
  if (y < 30) return [58, 74, 90].some(at => Math.abs(x - at - 4 * Math.sin(y / 5)) < 2);
  if (y >= 86 && y < 92) return Math.abs(x - 76) < 64 - (y - 86) * 3;
  const handle = Math.hypot(x - 116, (y - 54) * 1.2);
  if (x > 112 && handle > 12 && handle < 18) return true;
  const half = y < 66 ? 40 : Math.sqrt(Math.max(0, 40 ** 2 - ((y - 66) * 1.9) ** 2));
  return y >= 36 && y < 84 && Math.abs(x - 74) < half && !(y > 40 && y < 43);
}
