/** Quantities: decimal strings outside, integer thousandths inside (contract section 1). */

export type Thousandths = number;

/** Most pieces that one sale may hold; keeps the memory of a decision bounded. */
export const mostPieces = 100_000;

const zero = 48;
const minus = 45;
const point = 46;

/** The quantity in thousandths, or null if the text is not a decimal of at most 3 decimals and 12 digits. */
export function parseQuantity(text: string): Thousandths | null {
  const negative = text.charCodeAt(0) === minus;
  const start = negative ? 1 : 0;
  let at = start;
  let value = 0;
  for (; at < text.length; at++) {
    const digit = text.charCodeAt(at) - zero;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  if (at === start || at - start > 12) return null;
  let thousandths = value * 1000;
  if (at < text.length) {
    const decimals = text.length - at - 1;
    if (text.charCodeAt(at) !== point || decimals < 1 || decimals > 3) return null;
    let unit = 100;
    for (at++; at < text.length; at++, unit /= 10) {
      const digit = text.charCodeAt(at) - zero;
      if (digit < 0 || digit > 9) return null;
      thousandths += digit * unit;
    }
  }
  return negative && thousandths !== 0 ? -thousandths : thousandths;
}

/** Pieces of a line sold by piece; null for one that is not (other unit, or a fractional quantity). */
export function wholePieces(quantity: Thousandths, unit: string | undefined): number | null {
  return (unit ?? 'ea') === 'ea' && quantity % 1000 === 0 ? quantity / 1000 : null;
}
