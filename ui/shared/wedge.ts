/**
 * Tells a scanner that types (keyboard wedge) from a person who types, and gives back what the scanner meant.
 *
 *   keydown ──► prefix seen, or ≤ 35 ms after the key before? ──yes──► held ──Enter / silence──► onScan(text)
 *                                                            └─ no ──► replayed: a person typed
 *
 * Scanners stutter, over radio most of all: now and then a key comes late. Half a code is worse than none, for its rest may pass as another
 * article. So a late key is part of the code once the keys before it were too quick for a person; and keys that were taken for a person's and
 * given back right before a scan are put in front of it again.
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
const shortestWithoutSuffix = 6;
/** This many quick keys in a row are no person's. */
const sureGaps = 3;
/** Silence after which it is decided; above the gap, for timers and events do not come in the order of their times. */
const silenceMs = 60;
/** The same once it is surely a scanner: so late a key of a code may be. Longer if this scanner is known to end with Enter. */
const sureSilenceMs = 250;
const suffixSilenceMs = 1000;
/** After the prefix: a person who pressed the prefix key. */
const prefixSilenceMs = 300;
/** A prefixed code that breaks off is dropped if it came at this pace, else given back: a person typed behind the prefix key. */
const prefixPaceMs = 100;
/** A suffix that comes late must still not press the button that has the focus. */
const lateEnterMs = 250;
/** Keys given back so shortly before a scan are its head, if they are few. */
const headMs = 300;
const longestHead = 5;
const longestScan = 4096;

export function createWedge<Key extends WedgeKey>(options: WedgeOptions<Key>): Wedge<Key> {
  const { layout, prefix, clock } = options;
  let held: Key[] = [];
  let typed: string[] = [];
  let capturing = false;
  /** Gaps between the held characters: those that no person types, the late ones, the longest. */
  let quick = 0;
  let late = 0;
  let longest = 0;
  /** Characters given back last; they may turn out to have been the head of a code. */
  let head: { readonly typed: readonly string[]; readonly at: number } | null = null;
  let suffixSeen = false;
  let last = Number.NEGATIVE_INFINITY;
  let scannedAt = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | null = null;

  const clear = () => {
    cancel?.();
    cancel = null;
    held = [];
    typed = [];
    capturing = false;
    quick = 0;
    late = 0;
    longest = 0;
  };
  const replay = () => {
    const keys = held;
    if (typed.length > 0) {
      const before = head !== null && (held[0]?.time ?? last) - head.at <= headMs ? head.typed : [];
      head = { typed: [...before, ...typed].slice(-longestHead - 1), at: last };
    }
    clear();
    if (keys.length > 0) options.onReplay(keys);
  };
  const scanned = () => {
    const start = held[0]?.time ?? last;
    const isHead =
      prefix === undefined && head !== null && start - head.at <= headMs && head.typed.length <= longestHead;
    const text = composed(isHead && head !== null ? [...head.typed, ...typed] : typed);
    const whole = typed.length < longestScan;
    head = null;
    clear();
    if (whole) options.onScan(text);
  };
  const waitMs = () => {
    if (prefix !== undefined) return typed.length === 0 ? prefixSilenceMs : suffixSilenceMs;
    if (quick < sureGaps) return silenceMs;
    return suffixSeen ? suffixSilenceMs : sureSilenceMs;
  };
  const wait = () => {
    cancel?.();
    const ms = waitMs();
    const due = clock.now() + ms;
    cancel = clock.after(ms, () => {
      cancel = null;
      // A page that was busy fires its timers before the keys that came meanwhile: give those a turn.
      if (clock.now() - due > silenceMs) return wait();
      silent();
    });
  };
  const silent = () => {
    if (prefix !== undefined) return typed.length < shortestScan || longest > prefixPaceMs ? replay() : clear();
    if (typed.length < shortestWithoutSuffix || quick < sureGaps) return replay();
    scannedAt = last + waitMs();
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
  /** A person's Enter behind held keys: it comes back with them. */
  const handBack = (event: Key): 'swallow' => {
    held.push(event);
    replay();
    head = null;
    return 'swallow';
  };
  /** A key that types nothing: what is held comes back before it. */
  const passBehind = (): 'pass' => {
    replay();
    head = null;
    return 'pass';
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
    longest = Math.max(longest, event.time - last);
    return char === null ? passBehind() : hold(event, char);
  };

  /** Decides about what is held when another key comes `gap` ms later. */
  const settle = (gap: number) => {
    if (gap <= scannerGapMs) quick++;
    else if (gap > waitMs()) silent();
    else if (late > quick / 4) replay();
    else late++;
  };

  const byTiming = (event: Key): 'swallow' | 'pass' => {
    if (event.repeat) {
      replay();
      return 'pass';
    }
    const char = charOf(event);
    if (held.length > 0 && (char !== null || isEnd(event))) settle(event.time - last);
    if (isEnd(event)) {
      if (held.length === 0) {
        const isLate = event.time - scannedAt <= lateEnterMs;
        scannedAt = Number.NEGATIVE_INFINITY;
        head = null;
        return isLate ? 'swallow' : 'pass';
      }
      if (typed.length < shortestScan || quick < sureGaps) return handBack(event);
      suffixSeen = true;
      scanned();
      return 'swallow';
    }
    return char === null ? passBehind() : hold(event, char);
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
      if (isModifier(event.code)) {
        // A scanner presses Shift between two keys: the gap is counted from there.
        if (held.length > 0 && !event.repeat && event.time - last <= scannerGapMs) {
          last = event.time;
          wait();
        }
        return 'pass';
      }
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
