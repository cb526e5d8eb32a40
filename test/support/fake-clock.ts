/** A clock that stands still until a test moves it; timers fire in order while it moves. */
import type { Cancel, Clock } from '../../clock.ts';

type Timer = { readonly due: number; readonly order: number; readonly run: () => void };

export class FakeClock implements Clock {
  #mono = 0;
  #wallOffset: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(start: string | number = '2026-11-21T10:15:00+01:00') {
    this.#wallOffset = typeof start === 'number' ? start : Date.parse(start);
  }

  now(): number {
    return this.#wallOffset + this.#mono;
  }

  monotonic(): number {
    return this.#mono;
  }

  after(ms: number, run: () => void): Cancel {
    const timer: Timer = { due: this.#mono + Math.max(0, ms), order: this.#order++, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that still wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** The wall clock jumps; monotonic time and timers do not move. */
  jump(ms: number): void {
    this.#wallOffset += ms;
  }

  /** Moves on by `ms`, firing due timers in order and letting promises settle after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#mono + ms;
    await settle();
    for (;;) {
      const next = this.#next(end);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#mono = Math.max(this.#mono, next.due);
      next.run();
      await settle();
    }
    this.#mono = end;
    await settle();
  }

  #next(end: number): Timer | undefined {
    let best: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due > end) continue;
      if (best === undefined || timer.due < best.due || (timer.due === best.due && timer.order < best.order))
        best = timer;
    }
    return best;
  }
}

/** Lets everything that is ready run: promise callbacks and I/O that has already arrived. */
export async function settle(turns = 3): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>(resolve => setImmediate(resolve));
}
