/** A machine's own clock over the one time that passes for all: its wall clock may be wrong and may jump. */
import type { Cancel, Clock } from '../../../clock.ts';

export interface SkewedClock extends Clock {
  /** Milliseconds that it is ahead of true time. */
  readonly ahead: number;
  set(ahead: number): void;
  /** Its timers never fire again: the process is gone. */
  end(): void;
}

export function skewedClock(base: Clock, from = 0): SkewedClock {
  let ahead = from;
  let ended = false;
  return {
    get ahead() {
      return ahead;
    },
    set(to) {
      ahead = to;
    },
    end() {
      ended = true;
    },
    // Whole milliseconds, as a machine's clock gives them; timers with jitter move the base clock by parts of one.
    now: () => Math.floor(base.now()) + ahead,
    monotonic: () => base.monotonic(),
    after(ms, run): Cancel {
      return base.after(ms, () => {
        if (!ended) run();
      });
    },
  };
}
