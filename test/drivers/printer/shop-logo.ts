/** The logo of the shop that the sample coupons come from: a basket in a ring. */
import type { SlipImage } from '../../../drivers/printer/types.ts';

const side = 120;

export const shopLogo: SlipImage = {
  name: 'logo',
  width: side,
  height: side,
  bits: Uint8Array.from({ length: (side * side) / 8 }, (_, at) => {
    let byte = 0;
    for (let bit = 0; bit < 8; bit++)
      if (isBlack((at * 8 + bit) % side, Math.floor((at * 8) / side))) byte |= 0x80 >> bit;
    return byte;
  }),
};

function isBlack(x: number, y: number): boolean {
  const middle = (side - 1) / 2;
  const radius = Math.hypot(x - middle, y - middle);
  if (radius > 59) return false;
  if (radius > 53) return true;
  // Handle: half a ring above the rim.
  const handle = Math.hypot(x - middle, y - 56);
  if (y < 56 && handle < 27 && handle > 22) return true;
  if (y >= 56 && y < 62 && Math.abs(x - middle) < 38) return true;
  // Body, narrower below, with a weave of white.
  const half = 32 - (y - 62) * 0.35;
  const inside = y >= 64 && y < 92 && Math.abs(x - middle) < half;
  return inside && !(Math.floor(y / 5) % 2 === 0 && Math.floor((x + Math.floor(y / 5) * 4) / 4) % 2 === 0);
}
