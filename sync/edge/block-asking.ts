/**
 * When a till asks HQ for the blocks of a file. They go to all tills of the store, so it listens for a moment before it asks:
 * what another one asked for serves it too. No answer: it asks again, at longer and longer intervals.
 *
 *   restart ─► listen ─► ask ─► blocks, own or another's answer ─► listen ─► ask for the rest …
 */
import type { Cancel, Clock } from '../../clock.ts';
import { type AskMessage, maxAskedBlocks } from '../protocol/messages.ts';

export interface BlockAskingOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly ask: (message: AskMessage) => void;
  /** Blocks that are missing, the first ones first and at most `most`; null: nothing is being fetched. */
  readonly wanted: (most: number) => { readonly sha256: string; readonly indexes: readonly number[] } | null;
  /** HQ has not answered for half a minute; it is asked on. */
  readonly onSilent?: () => void;
}

export interface BlockAsking {
  up(): void;
  down(): void;
  /** Another file is wanted, or none: what was asked before is forgotten. */
  restart(): void;
  /** A block came that was missing. */
  came(index: number): void;
}

/** A till waits up to this long before its first question: with twenty tills one asks after some 20 ms. */
const listenMs = 400;
const answerMs = 2000;
const answerMaxMs = 60_000;
/** 2, 4, 8 and 16 seconds, ± 25 %. */
const silentWaits = 4;

export function createBlockAsking({ clock, random, ask, wanted, onSilent }: BlockAskingOptions): BlockAsking {
  let online = false;
  let waits = 0;
  /** Blocks of the last question that have not come; empty: this till has not asked, or has them all. */
  let asked = new Set<number>();
  let cancel: Cancel = () => {};

  /** Asks after a random moment, unless blocks come before: then they put it off. */
  function listen() {
    cancel();
    if (online && wanted(1) !== null) cancel = clock.after(listenMs * random(), askNow);
  }

  function askNow() {
    cancel();
    const missing = online ? wanted(maxAskedBlocks) : null;
    if (missing === null || missing.indexes.length === 0) return;
    asked = new Set(missing.indexes);
    ask({ kind: 'blocks', ...missing });
    awaitAnswer();
  }

  function awaitAnswer() {
    cancel();
    cancel = clock.after(Math.min(answerMaxMs, answerMs * 2 ** waits) * (0.75 + random() / 2), () => {
      waits += 1;
      if (waits === silentWaits) onSilent?.();
      askNow();
    });
  }

  function restart() {
    waits = 0;
    asked = new Set();
    listen();
  }

  return {
    up() {
      online = true;
      restart();
    },
    down() {
      online = false;
      cancel();
    },
    restart,
    came(index) {
      waits = 0;
      asked.delete(index);
      // Its own answer is complete, and there is more; or another till's answer is under way.
      if (asked.size === 0) listen();
      else if (online) awaitAnswer();
    },
  };
}
