/** Keeps a process running: starts it, and starts it again when it ends, with growing pauses. Knows no Electron. */
import type { Cancel, Clock } from '../../clock.ts';
import { pauseBeforeRestart } from './policy.ts';

export type Kept = {
  /** Called once, when the process has ended or could not be started. */
  onEnd(listener: (why: string) => void): void;
  stop(): void;
};

export type KeeperState =
  | { readonly kind: 'running' }
  | { readonly kind: 'pausing'; readonly why: string; readonly ms: number }
  | { readonly kind: 'stopped' };

export class Keeper {
  readonly #start: () => Kept;
  readonly #clock: Clock;
  readonly #onState: (state: KeeperState) => void;
  readonly #ends: number[] = [];
  #kept: Kept | null = null;
  #pause: Cancel = () => {};
  #stopped = false;

  constructor(start: () => Kept, clock: Clock, onState: (state: KeeperState) => void) {
    this.#start = start;
    this.#clock = clock;
    this.#onState = onState;
  }

  start(): void {
    if (this.#stopped || this.#kept !== null) return;
    const kept = this.#start();
    this.#kept = kept;
    this.#onState({ kind: 'running' });
    kept.onEnd(why => this.#ended(why));
  }

  /** Ends the process for good. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#pause();
    this.#kept?.stop();
    this.#onState({ kind: 'stopped' });
  }

  #ended(why: string): void {
    this.#kept = null;
    if (this.#stopped) return;
    const now = this.#clock.monotonic();
    this.#ends.push(now);
    if (this.#ends.length > 20) this.#ends.shift();
    const ms = pauseBeforeRestart(this.#ends, now);
    this.#onState({ kind: 'pausing', why, ms });
    this.#pause = this.#clock.after(ms, () => this.start());
  }
}
