/** Quantities: decimal strings outside, integer thousandths inside (contract section 1). */

export type Thousandths = number;

/** Most pieces that one sale may hold; keeps the memory of a decision bounded. */
export const mostPieces = 100_000;

const grammar = /^(-?)([0-9]{1,12})(?:\.([0-9]{1,3}))?$/;

/** The quantity in thousandths, or null if the text is not a decimal of at most 3 decimals and 12 digits. */
export function parseQuantity(text: string): Thousandths | null {
  // Most lines are of one to nine pieces.
  const digit = text.length === 1 ? text.charCodeAt(0) - 48 : -1;
  if (digit >= 0 && digit <= 9) return digit * 1000;
  const match = grammar.exec(text);
  if (match === null) return null;
  const thousandths = Number(match[2]) * 1000 + Number((match[3] ?? '').padEnd(3, '0'));
  return match[1] === '-' && thousandths !== 0 ? -thousandths : thousandths;
}

/** Pieces of a line sold by piece; null for one that is not (other unit, or a fractional quantity). */
export function wholePieces(quantity: Thousandths, unit: string | undefined): number | null {
  return (unit ?? 'ea') === 'ea' && quantity % 1000 === 0 ? quantity / 1000 : null;
}
