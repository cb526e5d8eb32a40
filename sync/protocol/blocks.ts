/**
 * Blocks of a published file on a store's `blocks` topic. A block is addressed by the file's SHA-256 and its index, so
 * one answer serves every till of the store and a broken transfer goes on where it stopped.
 *
 *   "TSB1" · SHA-256 of the file (32) · index (u32 BE) · SHA-256 of the block (32) · the block's bytes
 */
import { createHash } from 'node:crypto';
import { maxBlockBytes } from './pointer.ts';
import { accept, type Result, refuse } from './result.ts';

export interface Block {
  /** Hex, of the whole file. */
  readonly sha256: string;
  readonly index: number;
  readonly bytes: Uint8Array;
}

const magic = Buffer.from('TSB1');
const headerBytes = magic.byteLength + 32 + 4 + 32;

export const blockCount = (size: number, block: number): number => Math.ceil(size / block);

/** Bytes of block `index`; the last one is what is left. */
export const blockSize = (size: number, block: number, index: number): number =>
  Math.min(block, Math.max(0, size - index * block));

/** Block `index` of a file, or null if the file ends before it. */
export function cutBlock(file: Uint8Array, block: number, index: number): Uint8Array | null {
  const from = index * block;
  return from < file.byteLength ? file.subarray(from, from + block) : null;
}

export function encodeBlock({ sha256, index, bytes }: Block): Uint8Array {
  const head = Buffer.alloc(headerBytes);
  magic.copy(head);
  head.write(sha256, 4, 'hex');
  head.writeUInt32BE(index, 36);
  createHash('sha256').update(bytes).digest().copy(head, 40);
  return Buffer.concat([head, bytes]);
}

export function decodeBlock(payload: Uint8Array): Result<Block> {
  if (payload.byteLength <= headerBytes || payload.byteLength > headerBytes + maxBlockBytes)
    return refuse('is not of a block’s size');
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (!bytes.subarray(0, 4).equals(magic)) return refuse('is no block');
  const content = bytes.subarray(headerBytes);
  if (!createHash('sha256').update(content).digest().equals(bytes.subarray(40, 72)))
    return refuse('was changed on its way');
  return accept({ sha256: bytes.toString('hex', 4, 36), index: bytes.readUInt32BE(36), bytes: content });
}
