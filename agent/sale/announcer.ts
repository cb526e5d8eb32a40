/** Tells screens what changed; each renders it in its own language when it is sent. */
import type { Language } from '../api/till-service.ts';
import type { ServerEvents } from '../api/wire.ts';

export type EventListener = <Name extends keyof ServerEvents>(
  name: Name,
  render: (language: Language) => ServerEvents[Name],
) => void;

export interface Announcer {
  tell: EventListener;
  onEvent(listener: EventListener): () => void;
}

export function createAnnouncer(onFault: (error: unknown) => void): Announcer {
  const listeners = new Set<EventListener>();
  return {
    tell(name, render) {
      for (const listener of [...listeners]) {
        try {
          listener(name, render);
        } catch (error) {
          // A screen that fails must not undo a sale.
          onFault(error);
        }
      }
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
