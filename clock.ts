/**
 * Time as a port: everything that waits or dates something takes a Clock, so that tests run thousands of hours a minute
 * and a jump of the wall clock can be played.
 */

export type Cancel = () => void;

export interface Clock {
  /** Wall clock, milliseconds since 1970 UTC. May jump. */
  now(): number;
  /** Milliseconds since some fixed start; never jumps back. */
  monotonic(): number;
  /** Calls `run` once after at least `ms` of monotonic time. Does not keep the process alive by itself. */
  after(ms: number, run: () => void): Cancel;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms` of the clock's time. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise(resolve => clock.after(ms, resolve));
}

/**
 * Instant as RFC 3339 with the offset of `timeZone` at that moment, whole seconds: `2026-11-21T10:15:00+01:00`.
 * @param ms milliseconds since 1970 UTC
 */
export function instant(ms: number, timeZone: string): string {
  const minutes = offsetOf(ms, timeZone);
  const local = new Date(ms + minutes * 60_000).toISOString().slice(0, 19);
  const sign = minutes < 0 ? '-' : '+';
  const two = (n: number) => String(n).padStart(2, '0');
  return `${local}${sign}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
}

/** No zone changes its offset but at a quarter of an hour (UTC). */
const slotMs = 900_000;
const lastOffsets = new Map<string, { readonly slot: number; readonly minutes: number }>();

/** Minutes that `timeZone` is ahead of UTC. Asking Intl costs twenty microseconds, and a till asks for each thing it writes. */
function offsetOf(ms: number, timeZone: string): number {
  const slot = Math.floor(ms / slotMs);
  const last = lastOffsets.get(timeZone);
  if (last?.slot === slot) return last.minutes;
  const parts = new Map(
    format(timeZone)
      .formatToParts(ms)
      .map(part => [part.type, part.value]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? '';
  const local = `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}:${part('second')}`;
  const minutes = Math.round((Date.parse(`${local}Z`) - Math.floor(ms / 1000) * 1000) / 60_000) || 0;
  lastOffsets.set(timeZone, { slot, minutes });
  return minutes;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(timeZone: string): Intl.DateTimeFormat {
  let known = formats.get(timeZone);
  if (known === undefined) {
    known = new Intl.DateTimeFormat('en-CA', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(timeZone, known);
  }
  return known;
}
