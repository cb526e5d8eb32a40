/** Tells HQ how the till is: at each connection, soon after something changed, and its totals now and then while sales go on. */
import type { Cancel, Clock } from '../../clock.ts';

export interface StateTellingOptions {
  readonly clock: Clock;
  readonly isUp: () => boolean;
  readonly tell: () => void;
  /** While sales go on HQ is told the till's own totals at most this often; ms. */
  readonly totalsEveryMs: number;
}

export interface StateTelling {
  up(): void;
  down(): void;
  /** Something changed. */
  touch(): void;
  /** HQ has every fact: the totals are of use to it now. */
  drained(): void;
}

/** Changes within this time are one message. */
const gatherMs = 250;

export function createStateTelling({ clock, isUp, tell, totalsEveryMs }: StateTellingOptions): StateTelling {
  let cancelTell: Cancel | null = null;
  let cancelTotals: Cancel | null = null;

  function touch() {
    if (!isUp() || cancelTell !== null) return;
    cancelTell = clock.after(gatherMs, () => {
      cancelTell = null;
      if (isUp()) tell();
    });
  }

  return {
    up: tell,
    down() {
      cancelTell?.();
      cancelTell = null;
      cancelTotals?.();
      cancelTotals = null;
    },
    touch,
    drained() {
      if (cancelTotals !== null) return;
      cancelTotals = clock.after(totalsEveryMs, () => {
        cancelTotals = null;
        touch();
      });
    },
  };
}
