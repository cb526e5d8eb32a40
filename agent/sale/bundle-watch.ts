/**
 * Watches over the first minutes of a bundle: three crashes in ten minutes after it was activated, and the till goes back to
 * the one before. A bundle that ends the process while it is made ready is given up after three attempts.
 */
import type { Clock } from '../../clock.ts';
import type { Settings } from '../store/settings.ts';

export interface BundleWatch {
  /** To be asked once, at start, before the bundle is used: has it to go? */
  start(): boolean;
  /** A bundle was activated: it is watched from now on. */
  activated(): void;
  /** A file is about to be made ready. False: that ended the process three times before. */
  mayTry(sha256: string): boolean;
  /** It was made ready or refused, and the process lives. */
  tried(): void;
  /** The process ends as it should. */
  ended(): void;
}

const watchedMs = 10 * 60_000;
const crashesToGoBack = 3;

/** Written at start, removed at an orderly end: if it is there at start, the last run ended otherwise. */
const running = 'bundle.running';
const watch = 'bundle.watch';
const trying = 'bundle.trying';

type Watched = { readonly sinceMs: number; readonly crashes: number };
type Tried = { readonly sha256: string; readonly times: number };

/** @param transaction makes what is set in it durable */
export function createBundleWatch(settings: Settings, clock: Clock, transaction: <T>(run: () => T) => T): BundleWatch {
  const read = <T>(name: string): T | null => {
    const json = settings.get(name);
    return json === null ? null : (JSON.parse(json) as T);
  };

  return {
    start() {
      return transaction(() => {
        const crashed = settings.get(running) !== null;
        settings.set(running, 1);
        const watched = read<Watched>(watch);
        if (watched === null) return false;
        // A wall clock that was set by more than that meanwhile tells nothing.
        const isYoung = Math.abs(clock.now() - watched.sinceMs) <= watchedMs;
        if (!isYoung) settings.remove(watch);
        if (!isYoung || !crashed) return false;
        const crashes = watched.crashes + 1;
        settings.set(watch, JSON.stringify({ ...watched, crashes }));
        return crashes >= crashesToGoBack;
      });
    },
    activated() {
      settings.set(watch, JSON.stringify({ sinceMs: clock.now(), crashes: 0 }));
    },
    mayTry(sha256) {
      return transaction(() => {
        const last = read<Tried>(trying);
        const times = last?.sha256 === sha256 ? last.times : 0;
        if (times >= crashesToGoBack) return false;
        settings.set(trying, JSON.stringify({ sha256, times: times + 1 }));
        return true;
      });
    },
    tried() {
      transaction(() => settings.remove(trying));
    },
    ended() {
      transaction(() => {
        settings.remove(running);
        // An orderly end cut it off: the file did nothing to the process.
        settings.remove(trying);
      });
    },
  };
}
