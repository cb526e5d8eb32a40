import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { longestLine, type Piece, pieceBytes, piecesOf } from '../../agent/simulate/pieces.ts';

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncIterable<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for await (const piece of piecesOf(source)) pieces.push(piece);
  return pieces;
}

test('pieces are whole lines, all of them, and know their numbers, however the bytes arrive', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 90_000 }), { maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 600_000 }), { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (lengths, sizes, ended) => {
        const lines = lengths.map((length, i) => String.fromCharCode(97 + (i % 26)).repeat(length));
        const text = lines.join('\n') + (ended && lines.length > 0 ? '\n' : '');
        const pieces = await all(chunksOf(Buffer.from(text), sizes));
        assert.equal(Buffer.concat(pieces.map(({ bytes }) => bytes)).toString(), text);
        let line = 1;
        for (const [i, { bytes, firstLine }] of pieces.entries()) {
          assert.equal(firstLine, line);
          assert.ok(bytes.length <= pieceBytes + Math.max(...sizes, 90_001), `${bytes.length}`);
          if (i < pieces.length - 1) assert.equal(bytes.at(-1), 10);
          // It can be handed over whole.
          assert.equal(bytes.buffer.byteLength, bytes.length);
          for (const byte of bytes) if (byte === 10) line++;
        }
      },
    ),
    { numRuns: 40 },
  ));

test('a line of 50 MB is one line that is no sale, kept at most to its limit', async () => {
  const megabyte = Buffer.alloc(1 << 20, 120);
  async function* source(): AsyncIterable<Uint8Array> {
    yield Buffer.from('first\n');
    for (let i = 0; i < 50; i++) yield megabyte;
    yield Buffer.from('\nthird\n');
    yield Buffer.from('fourth');
  }
  const pieces = await all(source());
  const text = Buffer.concat(pieces.map(({ bytes }) => bytes)).toString();
  assert.equal(text, 'first\n"a line of over 16 MiB"\nthird\nfourth');
  assert.deepEqual(
    pieces.map(({ firstLine }) => firstLine),
    [1, 2, 3],
  );
});

test('a line of just the limit is kept', async () => {
  const line = Buffer.alloc(longestLine - 1, 120);
  const pieces = await all(chunksOf(Buffer.concat([line, Buffer.from('\nx\n')]), [1 << 20]));
  assert.equal(
    pieces.reduce((sum, { bytes }) => sum + bytes.length, 0),
    longestLine + 2,
  );
});
