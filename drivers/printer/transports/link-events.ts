/** Listeners of one link: data may come before anybody listens, the loss is told once. */
import type { TillsideError } from '../../../errors.ts';

export interface LinkEvents {
  data(bytes: Uint8Array): void;
  lost(cause: TillsideError): void;
  /** From now on nothing is told any more. */
  close(): void;
  readonly over: boolean;
  onData(listener: (bytes: Uint8Array) => void): void;
  onLost(listener: (cause: TillsideError) => void): void;
}

export function createLinkEvents(): LinkEvents {
  let dataListener: ((bytes: Uint8Array) => void) | null = null;
  let lostListener: ((cause: TillsideError) => void) | null = null;
  let early: Uint8Array[] = [];
  let loss: TillsideError | null = null;
  let over = false;
  return {
    data(bytes) {
      if (over) return;
      if (dataListener === null) early.push(bytes);
      else dataListener(bytes);
    },
    lost(cause) {
      if (over) return;
      over = true;
      loss = cause;
      lostListener?.(cause);
    },
    close() {
      over = true;
    },
    get over() {
      return over;
    },
    onData(listener) {
      dataListener = listener;
      const held = early;
      early = [];
      for (const bytes of held) listener(bytes);
    },
    onLost(listener) {
      lostListener = listener;
      if (loss !== null) listener(loss);
    },
  };
}
