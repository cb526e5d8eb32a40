/**
 * Offsets of an IANA time zone, from the runtime's own zone data (Intl), kept in blocks so that a decision asks Intl nothing.
 * What is kept depends on the zone alone, so decisions stay independent of each other.
 */

export interface Zone {
  readonly name: string;
  /** Local time minus UTC in milliseconds, at an instant (milliseconds since 1970 UTC). */
  offset(ms: number): number;
  /** Whether one offset surely holds from one instant to a later one. */
  isSteady(from: number, to: number): boolean;
  /** The stretches of one offset that cover `[from, to)`. */
  stretches(from: number, to: number): readonly Stretch[];
}

export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

const dayMs = 86_400_000;
const blockMs = 400 * dayMs;
/** Outside of these years offsets are asked for one by one, so that hostile dates cannot fill the memory. */
const keptFrom = Date.UTC(1970, 0, 1);
const keptTo = Date.UTC(2110, 0, 1);
const earliest = Date.UTC(1, 0, 3);
const latest = Date.UTC(9999, 11, 29);

const zones = new Map<string, Zone>();
const mostZones = 64;

/** @throws RangeError if there is no such time zone */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = makeZone(name);
  if (zones.size >= mostZones) zones.clear();
  zones.set(name, zone);
  return zone;
}

/** Whether the runtime knows the name as an IANA time zone; plain offsets such as `+01:00` are none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name) || name.length > 64) return false;
  try {
    zoneOf(name);
    return true;
  } catch {
    return false;
  }
}

function makeZone(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const blocks = new Map<number, readonly Stretch[]>();
  /** The stretch asked last: most instants of a sale lie in the same one. */
  let last: Stretch = { from: 0, to: 0, offset: 0 };

  const ask = (ms: number): number => {
    const second = Math.floor(Math.min(Math.max(ms, earliest), latest) / 1000) * 1000;
    // MM/DD/YYYY, hh:mm:ss
    const [month, date, year, hour, minute, end] = (format.format(second).match(/\d+/g) ?? []).map(Number);
    const local = new Date(0);
    local.setUTCFullYear(year ?? 1970, (month ?? 1) - 1, date ?? 1);
    local.setUTCHours(hour ?? 0, minute ?? 0, end ?? 0);
    return local.getTime() - second;
  };

  /** The stretches of a block, found by one question a day and bisection where two days differ. */
  const block = (index: number): readonly Stretch[] => {
    const known = blocks.get(index);
    if (known !== undefined) return known;
    const start = index * blockMs;
    const found: Stretch[] = [];
    let from = start;
    let offset = ask(start);
    for (let at = start + dayMs; at <= start + blockMs; at += dayMs) {
      const next = ask(at);
      if (next === offset) continue;
      let [low, high] = [at - dayMs, at];
      while (high - low > 1000) {
        const middle = Math.floor((low + high) / 2000) * 1000;
        if (ask(middle) === offset) low = middle;
        else high = middle;
      }
      if (high < start + blockMs) {
        found.push({ from, to: high, offset });
        [from, offset] = [high, next];
      }
    }
    found.push({ from, to: start + blockMs, offset });
    blocks.set(index, found);
    return found;
  };

  return {
    name,
    offset(ms) {
      if (ms >= last.from && ms < last.to) return last.offset;
      if (!(ms >= keptFrom && ms < keptTo)) return ask(ms);
      for (const stretch of block(Math.floor(ms / blockMs)))
        if (ms < stretch.to) {
          last = stretch;
          return stretch.offset;
        }
      return ask(ms);
    },
    isSteady(from, to) {
      if (from >= last.from && to < last.to) return true;
      if (!(from >= keptFrom && to < keptTo)) return false;
      return block(Math.floor(from / blockMs)).some(stretch => from >= stretch.from && to < stretch.to);
    },
    stretches(from, to) {
      if (!(from >= keptFrom && to < keptTo)) return [{ from, to, offset: ask(from) }];
      const found: Stretch[] = [];
      for (let index = Math.floor(from / blockMs); index * blockMs < to; index++) found.push(...block(index));
      return found;
    },
  };
}
