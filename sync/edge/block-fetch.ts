/**
 * Fetches a bundle's file by its blocks. What has come is kept on disk; the whole is verified before anybody sees it.
 *
 *   want ─► ask for what is missing ─► blocks ─► SHA-256 of the whole ─► onWhole
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { SyncLog } from '../link/link.ts';
import { type Block, blockCount, blockSize } from '../protocol/blocks.ts';
import type { AskMessage } from '../protocol/messages.ts';
import { createBlockAsking } from './block-asking.ts';
import type { BlockStore, WantedFile } from './block-store.ts';

export interface BlockFetchOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: SyncLog;
  readonly ask: (message: AskMessage) => void;
  /** Where blocks are kept over a restart; null: in memory only. */
  readonly store: BlockStore | null;
  /** The file is here and is the one that was wanted. */
  readonly onWhole: (file: WantedFile, bytes: Uint8Array) => void;
  /** It came three times with other content; it is not asked for any more. */
  readonly onWrong: (file: WantedFile) => void;
  /** HQ has not answered for half a minute; it is asked on. */
  readonly onSilent?: (file: WantedFile) => void;
}

export interface BlockFetch {
  /** Fetches this file instead of any other. */
  want(file: WantedFile): void;
  /** The file has been used, or is of no use. */
  drop(file: WantedFile): void;
  up(): void;
  down(): void;
  block(block: Block): void;
}

const maxWrong = 3;

export function createBlockFetch(options: BlockFetchOptions): BlockFetch {
  const { store } = options;
  let wanted: WantedFile | null = null;
  let parts = new Map<number, Uint8Array>();
  let wrong = 0;

  const asking = createBlockAsking({
    clock: options.clock,
    random: options.random,
    ask: options.ask,
    wanted: most => (wanted === null ? null : { sha256: wanted.sha256, indexes: missing(wanted, most) }),
    onSilent() {
      if (wanted !== null) options.onSilent?.(wanted);
    },
  });

  function missing({ size, block }: WantedFile, most: number): readonly number[] {
    const indexes: number[] = [];
    const count = blockCount(size, block);
    for (let index = 0; index < count && indexes.length < most; index++) if (!parts.has(index)) indexes.push(index);
    return indexes;
  }

  function whole(file: WantedFile) {
    const ordered = [...parts.entries()].sort(([a], [b]) => a - b).map(([, part]) => part);
    const bytes = Buffer.concat(ordered);
    parts = new Map();
    if (bytes.byteLength === file.size && createHash('sha256').update(bytes).digest('hex') === file.sha256) {
      wanted = null;
      asking.restart();
      return options.onWhole(file, bytes);
    }
    store?.drop(file);
    wrong += 1;
    options.log.warn({ sha256: file.sha256, times: wrong }, 'a file arrived with other content');
    const isGivenUp = wrong >= maxWrong;
    if (isGivenUp) wanted = null;
    asking.restart();
    if (isGivenUp) options.onWrong(file);
  }

  return {
    want(file) {
      if (wanted?.sha256 === file.sha256) return;
      wanted = file;
      wrong = 0;
      parts = store?.open(file) ?? new Map();
      if (parts.size === blockCount(file.size, file.block)) return whole(file);
      asking.restart();
    },
    drop(file) {
      store?.drop(file);
    },
    up: asking.up,
    down: asking.down,
    block({ sha256, index, bytes }) {
      if (wanted === null || sha256 !== wanted.sha256 || parts.has(index)) return;
      const count = blockCount(wanted.size, wanted.block);
      if (index >= count || bytes.byteLength !== blockSize(wanted.size, wanted.block, index)) return;
      parts.set(index, bytes);
      store?.put(wanted, index, bytes);
      if (parts.size === count) return whole(wanted);
      asking.came(index);
    },
  };
}
