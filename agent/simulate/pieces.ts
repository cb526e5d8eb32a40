/** Cuts a byte stream into pieces of whole lines, in constant memory, and knows the number of each piece's first line. */

export interface Piece {
  readonly bytes: Uint8Array;
  readonly firstLine: number;
}

/** Large enough that handing one over costs nothing beside playing it, small enough that all cores have work at the end. */
const pieceBytes = 256 * 1024;
const longestLine = 16 * 1024 * 1024;
/** Stands for a line that is too long: whoever reads it finds that it is no sale. */
const tooLong = Buffer.from('"a line of over 16 MiB"\n');

export async function* piecesOf(source: AsyncIterable<Uint8Array>): AsyncIterable<Piece> {
  let parts: Uint8Array[] = [];
  let size = 0;
  let line = 1;
  let skipping = false;
  const piece = (bytes: Uint8Array): Piece => {
    const firstLine = line;
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) line++;
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
    parts.push(rest);
    size += rest.length;
    if (size < pieceBytes) continue;
    const all = Buffer.concat(parts, size);
    const cut = all.lastIndexOf(10) + 1;
    if (cut > 0) yield piece(all.subarray(0, cut));
    const left = all.subarray(cut);
    skipping = left.length > longestLine;
    if (skipping) yield piece(tooLong);
    parts = skipping || left.length === 0 ? [] : [left];
    size = skipping ? 0 : left.length;
  }
  if (size > 0) yield piece(Buffer.concat(parts, size));
}
