/** Cuts a byte stream into pieces of whole lines, in constant memory, and knows the number of each piece's first line. */

export interface Piece {
  /** The whole of a memory of its own, so that it can be handed over instead of copied. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly firstLine: number;
}

/** Large enough that handing one over costs nothing beside playing it, small enough that all cores have work at the end. */
export const pieceBytes = 256 * 1024;
export const longestLine = 16 * 1024 * 1024;
/** Stands for a line that is too long: whoever reads it finds that it is no sale. */
const tooLong = Buffer.from('"a line of over 16 MiB"\n');

/** A piece is at most `pieceBytes`, or a line that is longer, and one chunk of the source more. */
export async function* piecesOf(source: AsyncIterable<Uint8Array>): AsyncIterable<Piece> {
  let parts: Uint8Array[] = [];
  let size = 0;
  /** How much of the parts is whole lines. */
  let whole = 0;
  let line = 1;
  let skipping = false;
  const piece = (from: readonly Uint8Array[], length: number): Piece => {
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of from) {
      const taken = part.subarray(0, length - at);
      bytes.set(taken, at);
      at += taken.length;
    }
    const firstLine = line;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, end + 1)) line++;
    return { bytes, firstLine };
  };
  for await (const chunk of source) {
    let rest = chunk;
    if (skipping) {
      const end = rest.indexOf(10);
      if (end < 0) continue;
      rest = rest.subarray(end + 1);
      skipping = false;
    }
    const lastEnd = rest.lastIndexOf(10);
    if (lastEnd >= 0) whole = size + lastEnd + 1;
    parts.push(rest);
    size += rest.length;
    if (size < pieceBytes) continue;
    if (whole > 0) {
      yield piece(parts, whole);
      // The last end of a line is in the last part, unless that is small; then so is what is left.
      const left = size - whole;
      const last = parts.at(-1) ?? rest;
      parts = left <= last.length ? [last.subarray(last.length - left)] : [tailOf(parts, left)];
      size = left;
      whole = 0;
    }
    if (size > longestLine) {
      yield piece([tooLong], tooLong.length);
      skipping = true;
      parts = [];
      size = 0;
    }
  }
  if (size > 0) yield piece(parts, size);
}

function tailOf(parts: readonly Uint8Array[], length: number): Uint8Array {
  return Buffer.concat(parts).subarray(-length);
}
