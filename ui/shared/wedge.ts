/**
 * Tells a scanner that types (keyboard wedge) from a person who types, and gives back what the scanner meant.
 *
 *   keydown ──► prefix seen, or ≤ 35 ms after the key before? ──yes──► held ──Enter / silence──► onScan(text)
 *                                                            └─ no ──► replayed: a person typed
 */
import { composed, type LayoutName, typedBy } from './keyboard-layouts.ts';

/** What is needed of a `keydown`, caught in the window's capture phase. */
export interface WedgeKey {
  /** Physical key, `KeyZ`. */
  readonly code: string;
  readonly key: string;
  readonly shift: boolean;
  readonly altGr: boolean;
  /** Control without AltGr; scanners send FNC1 as Control + `]`. */
  readonly ctrl?: boolean;
  readonly repeat: boolean;
  readonly isComposing: boolean;
  /** The event's own time, ms. */
  readonly time: number;
}

export interface WedgeClock {
  /** Same origin as the events' `time`. */
  now(): number;
  after(ms: number, run: () => void): () => void;
}

export interface WedgeOptions<Key extends WedgeKey> {
  /** The layout that the scanner was programmed to, whatever the till's own is. */
  readonly layout: LayoutName;
  /** Key that the scanner sends first (`F9`). With it, timing does not count. */
  readonly prefix?: string;
  readonly clock: WedgeClock;
  onScan(text: string): void;
  /** Keys that were held back but typed by a person, in order: dispatch them again, marked so that they are not held twice. */
  onReplay(keys: readonly Key[]): void;
}

export interface Wedge<Key extends WedgeKey> {
  /** For each `keydown`: `swallow` = prevent default and stop, the wedge has it; `pass` = not the wedge's. */
  key(event: Key): 'swallow' | 'pass';
  /** Keys that are held are replayed; for a window that loses focus. */
  flush(): void;
}

/** People do not type two keys within this; scanners take 1–30 ms. */
export const scannerGapMs = 35;
/** A scanner that types without suffix: shorter bursts may be a rolled pair of keys. */
const shortestScan = 4;
/** Silence after which it is decided; above the gap, for timers and events do not come in the order of their times. */
const silenceMs = 60;
/** After the prefix: slow scanners, and a person who pressed the prefix key. */
const prefixSilenceMs = 300;
/** A suffix that comes late must still not press the button that has the focus. */
const lateEnterMs = 250;
const longestScan = 4096;

export function createWedge<Key extends WedgeKey>(options: WedgeOptions<Key>): Wedge<Key> {
  const { layout, prefix, clock } = options;
  let held: Key[] = [];
  let typed: string[] = [];
  let capturing = false;
  let last = Number.NEGATIVE_INFINITY;
  let scannedAt = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | null = null;

  const clear = () => {
    cancel?.();
    cancel = null;
    held = [];
    typed = [];
    capturing = false;
  };
  const replay = () => {
    const keys = held;
    clear();
    if (keys.length > 0) options.onReplay(keys);
  };
  const scanned = () => {
    const text = composed(typed);
    clear();
    options.onScan(text);
  };
  const wait = () => {
    cancel?.();
    const ms = prefix === undefined ? silenceMs : prefixSilenceMs;
    const due = clock.now() + ms;
    cancel = clock.after(ms, () => {
      cancel = null;
      // A page that was busy fires its timers before the keys that came meanwhile: give those a turn.
      if (clock.now() - due > silenceMs) return wait();
      silent();
    });
  };
  const silent = () => {
    if (prefix !== undefined || typed.length < shortestScan + 2) return replay();
    scannedAt = last;
    scanned();
  };
  const hold = (event: Key, char: string | null): 'swallow' => {
    if (typed.length < longestScan) {
      held.push(event);
      if (char !== null) typed.push(char);
    }
    last = event.time;
    wait();
    return 'swallow';
  };
  const handBack = (event: Key): 'swallow' => {
    held.push(event);
    replay();
    return 'swallow';
  };

  const byPrefix = (event: Key): 'swallow' | 'pass' => {
    if (!capturing) {
      if (event.code !== prefix && event.key !== prefix) return 'pass';
      capturing = true;
      return hold(event, null);
    }
    if (event.repeat) return 'swallow';
    if (isEnd(event)) {
      if (typed.length === 0) return handBack(event);
      scanned();
      return 'swallow';
    }
    const char = charOf(event);
    return char === null ? handBack(event) : hold(event, char);
  };

  const byTiming = (event: Key): 'swallow' | 'pass' => {
    const quick = event.time - last <= scannerGapMs;
    if (held.length > 0 && (!quick || event.repeat)) {
      if (typed.length >= shortestScan + 2 && !event.repeat) silent();
      else replay();
    }
    if (event.repeat) return 'pass';
    if (isEnd(event)) {
      if (held.length === 0) {
        const late = event.time - scannedAt <= lateEnterMs;
        scannedAt = Number.NEGATIVE_INFINITY;
        return late ? 'swallow' : 'pass';
      }
      if (typed.length < shortestScan) return handBack(event);
      scanned();
      return 'swallow';
    }
    const char = charOf(event);
    if (char === null) return held.length > 0 ? handBack(event) : 'pass';
    return hold(event, char);
  };

  const charOf = (event: Key): string | null => {
    if (event.ctrl === true && !event.altGr)
      // Only inside a code: Control and a key is otherwise a person's shortcut.
      return held.length > 0 && typedBy(layout, event.code, false, false) !== null ? control(event, layout) : null;
    return typedBy(layout, event.code, event.shift, event.altGr);
  };

  return {
    key(event) {
      if (event.isComposing) {
        replay();
        return 'pass';
      }
      if (isModifier(event.code)) return 'pass';
      return prefix === undefined ? byTiming(event) : byPrefix(event);
    },
    flush: replay,
  };
}

function isEnd(event: WedgeKey): boolean {
  return event.code === 'Enter' || event.code === 'NumpadEnter';
}

function isModifier(code: string): boolean {
  return /^(Shift|Control|Alt|Meta)(Left|Right)$|^(CapsLock|NumLock)$/.test(code);
}

/** Control + `]` is FNC1 (GS, 1D); the key is that of the scanner's layout, or the American one that some keep for it. */
function control(event: WedgeKey, layout: LayoutName): string | null {
  const bracket = typedBy(layout, event.code, false, true) === ']' || typedBy(layout, event.code, false, false) === ']';
  return bracket || event.code === 'BracketRight' ? '\u001d' : null;
}
