/**
 * Fetches a file by its blocks. The blocks go to all tills of the store, so a till listens for a moment before it asks: what
 * another one asked for serves it too. What has come is kept on disk; the whole is verified before anybody sees it.
 *
 *   want ─► listen ─► ask for what is missing ─► blocks (own or another's answer) ─► SHA-256 of the whole ─► onWhole
 */
import { createHash } from 'node:crypto';
import type { Cancel, Clock } from '../../clock.ts';
import type { SyncLog } from '../link/link.ts';
import { type Block, blockCount, blockSize } from '../protocol/blocks.ts';
import { type AskMessage, maxAskedBlocks } from '../protocol/messages.ts';
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
  /** Wants nothing any more; what came of it is kept. */
  stop(): void;
  /** The file has been used, or is of no use. */
  drop(file: WantedFile): void;
  up(): void;
  down(): void;
  block(block: Block): void;
  readonly wanted: WantedFile | null;
}

/** A till waits up to this long before its first question: with twenty tills one asks after some 20 ms. */
const listenMs = 400;
const answerMs = 2000;
const answerMaxMs = 60_000;
const maxWrong = 3;
/** 2, 4, 8 and 16 seconds, ± 25 %. */
const silentWaits = 4;

export function createBlockFetch(options: BlockFetchOptions): BlockFetch {
  const { clock, random, store } = options;
  let online = false;
  let wanted: WantedFile | null = null;
  let parts = new Map<number, Uint8Array>();
  let wrong = 0;
  let waits = 0;
  /** Blocks of the last question that have not come; 0: this till has not asked. */
  let asked = new Set<number>();
  let cancel: Cancel = () => {};

  /** Asks after a random moment, unless blocks come before: then they put it off. */
  function listen(ms = listenMs) {
    cancel();
    if (wanted !== null && online) cancel = clock.after(ms * random(), askNow);
  }

  function askNow() {
    cancel();
    if (wanted === null || !online) return;
    const indexes: number[] = [];
    const count = blockCount(wanted.size, wanted.block);
    for (let index = 0; index < count && indexes.length < maxAskedBlocks; index++)
      if (!parts.has(index)) indexes.push(index);
    asked = new Set(indexes);
    options.ask({ kind: 'blocks', sha256: wanted.sha256, indexes });
    awaitAnswer();
  }

  function awaitAnswer() {
    cancel();
    cancel = clock.after(Math.min(answerMaxMs, answerMs * 2 ** waits) * (0.75 + random() / 2), () => {
      waits += 1;
      if (waits === silentWaits && wanted !== null) options.onSilent?.(wanted);
      askNow();
    });
  }

  function whole(file: WantedFile) {
    cancel();
    const ordered = [...parts.entries()].sort(([a], [b]) => a - b).map(([, part]) => part);
    const bytes = Buffer.concat(ordered);
    parts = new Map();
    asked = new Set();
    if (bytes.byteLength === file.size && createHash('sha256').update(bytes).digest('hex') === file.sha256) {
      wanted = null;
      return options.onWhole(file, bytes);
    }
    store?.drop(file);
    wrong += 1;
    options.log.warn({ sha256: file.sha256, times: wrong }, 'a file arrived with other content');
    if (wrong < maxWrong) return listen();
    wanted = null;
    options.onWrong(file);
  }

  return {
    get wanted() {
      return wanted;
    },
    want(file) {
      if (wanted?.sha256 === file.sha256) return;
      wanted = file;
      wrong = 0;
      waits = 0;
      asked = new Set();
      parts = store?.open(file) ?? new Map();
      if (parts.size === blockCount(file.size, file.block)) return whole(file);
      listen();
    },
    stop() {
      wanted = null;
      parts = new Map();
      cancel();
    },
    drop(file) {
      store?.drop(file);
    },
    up() {
      online = true;
      waits = 0;
      asked = new Set();
      listen();
    },
    down() {
      online = false;
      cancel();
    },
    block({ sha256, index, bytes }) {
      if (wanted === null || sha256 !== wanted.sha256 || parts.has(index)) return;
      const count = blockCount(wanted.size, wanted.block);
      if (index >= count || bytes.byteLength !== blockSize(wanted.size, wanted.block, index)) return;
      parts.set(index, bytes);
      store?.put(wanted, index, bytes);
      waits = 0;
      if (parts.size === count) return whole(wanted);
      asked.delete(index);
      // Its own answer is complete, and there is more; or another till's answer is under way.
      if (asked.size === 0) listen();
      else awaitAnswer();
    },
  };
}
