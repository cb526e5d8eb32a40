/** Asks HQ for its pointers and keys: at each connection, now and then, and when something is not understood. */
import type { Cancel, Clock } from '../../clock.ts';

export interface PointerAsking {
  /** At once, and from then on every quarter of an hour. */
  ask(): void;
  /** What is not understood may be HQ's new key; a stranger who shows a hundred makes one question. */
  askOnce(): void;
  down(): void;
}

const everyMs = 15 * 60_000;
const againMs = 10_000;

/** @param random uniform in [0, 1) */
export function createPointerAsking(clock: Clock, random: () => number, send: () => void): PointerAsking {
  let cancel: Cancel = () => {};
  let lastMs = Number.NEGATIVE_INFINITY;

  function ask() {
    lastMs = clock.monotonic();
    send();
    cancel();
    cancel = clock.after(everyMs * (0.75 + random() / 2), ask);
  }

  return {
    ask,
    askOnce() {
      const wait = lastMs + againMs - clock.monotonic();
      if (wait <= 0) return ask();
      cancel();
      cancel = clock.after(wait, ask);
    },
    down: () => cancel(),
  };
}
