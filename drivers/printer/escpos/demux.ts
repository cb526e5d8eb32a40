/**
 * Sorts what a printer sends into messages. One stream carries answers of four kinds, split and glued as the line likes, with XON/XOFF between any two bytes:
 *
 *   ── 11 | 13 ─────────────────────────► flow        (anywhere, even inside a block)
 *   ── x & 93 = 12 ─────────────────────► realtime    (DLE EOT)
 *   ── x & 93 = 10, then three x & 90 = 0 ► asb       (automatic status)
 *   ── 37 22 dddd 00 ───────────────────► process-id  ── 37 25 00 ► cleared ── 37 23 … 00 ► offline
 *   ── 5F … 00 ─────────────────────────► printer-id
 *   ── x & 90 = 0 ──────────────────────► fence       (GS r; also one-byte printer IDs)
 *
 * Never throws and never holds more than one message.
 */

export type PrinterReport =
  | { readonly kind: 'realtime'; readonly status: number }
  | { readonly kind: 'asb'; readonly status: readonly [number, number, number, number] }
  | { readonly kind: 'fence'; readonly status: number }
  | { readonly kind: 'process-id'; readonly id: string }
  | { readonly kind: 'offline'; readonly causes: readonly number[] }
  | { readonly kind: 'cleared' }
  | { readonly kind: 'printer-id'; readonly text: string }
  | { readonly kind: 'flow'; readonly on: boolean }
  /** A byte that fits nothing: line noise, a start in the middle, another language. */
  | { readonly kind: 'noise'; readonly byte: number };

export interface Demux {
  /** Messages that these bytes complete, in order. */
  push(bytes: Uint8Array): readonly PrinterReport[];
  /** Bytes of a message not yet complete; never more than `longestMessage`. */
  readonly pending: number;
  /** A new connection begins: what was half received is of the old one. */
  reset(): void;
}

const longestPrinterId = 80;
/** Header and end around the longest text, and a status that interrupts it. */
export const longestMessage = longestPrinterId + 2 + 4;

export function createDemux(): Demux {
  let held: number[] = [];
  /** A block that automatic status has interrupted. */
  let outer: number[] = [];
  return {
    push(bytes) {
      const reports: PrinterReport[] = [];
      for (const byte of bytes) {
        if (byte === 0x11 || byte === 0x13) {
          reports.push({ kind: 'flow', on: byte === 0x11 });
          continue;
        }
        if (held.length > 0 && cannotContinue(held, byte)) {
          // Status goes ahead of everything; inside a message only what can't be a byte of it is told apart.
          if (isRealTime(byte)) {
            reports.push({ kind: 'realtime', status: byte });
            continue;
          }
          if (isAsb(byte) && !isAsb(held[0] ?? 0) && outer.length === 0) {
            outer = held;
            held = [];
          }
        }
        held.push(byte);
        held = drain(held, reports);
        if (held.length === 0 && outer.length > 0) {
          held = outer;
          outer = [];
        }
      }
      return reports;
    },
    get pending() {
      return held.length + outer.length;
    },
    reset() {
      held = [];
      outer = [];
    },
  };
}

type Parsed = { readonly used: number; readonly report: PrinterReport } | 'more' | 'wrong';

/** Takes complete messages off the front and drops what fits nothing. Returns the rest. */
function drain(held: readonly number[], reports: PrinterReport[]): number[] {
  let at = 0;
  while (at < held.length) {
    const rest = held.slice(at);
    const parsed = parse(rest);
    if (parsed === 'more') break;
    if (parsed === 'wrong') {
      const lost = lostBytes(rest);
      for (const byte of rest.slice(0, lost)) reports.push({ kind: 'noise', byte });
      at += lost;
    } else {
      reports.push(parsed.report);
      at += parsed.used;
    }
  }
  return held.slice(at);
}

/**
 * How much of a broken message goes. Its bytes must not be read one by one, for most would pass as a fence answer; so all goes up to where another
 * block may begin, or up to the byte that broke it.
 */
function lostBytes(broken: readonly number[]): number {
  const next = broken.indexOf(0x37, 1);
  return next === -1 ? Math.max(1, broken.length - 1) : next;
}

function parse(held: readonly number[]): Parsed {
  const [first = 0] = held;
  if (first === 0x37) return parseBlock(held);
  if (first === 0x5f) return parsePrinterId(held);
  if (isRealTime(first)) return { used: 1, report: { kind: 'realtime', status: first } };
  if (isAsb(first)) return parseAsb(held);
  if ((first & 0x90) === 0) return { used: 1, report: { kind: 'fence', status: first } };
  return 'wrong';
}

function parseAsb(held: readonly number[]): Parsed {
  const [one = 0, two = 0, three = 0, four = 0] = held;
  if (held.slice(1, 4).some(byte => (byte & 0x90) !== 0)) return 'wrong';
  if (held.length < 4) return 'more';
  return { used: 4, report: { kind: 'asb', status: [one, two, three, four] } };
}

/** `37`: answers of the GS ( H and DLE DC4 families. */
function parseBlock(held: readonly number[]): Parsed {
  const [, type] = held;
  if (type === undefined) return 'more';
  if (type === 0x25) return ended(held, 2, () => ({ kind: 'cleared' }));
  if (type === 0x22) {
    const id = held.slice(2, 6);
    if (id.some(byte => byte < 0x20 || byte > 0x7e)) return 'wrong';
    return id.length < 4 ? 'more' : ended(held, 6, () => ({ kind: 'process-id', id: String.fromCharCode(...id) }));
  }
  if (type === 0x23) {
    const end = held.indexOf(0, 2);
    const causes = held.slice(2, end === -1 ? undefined : end);
    if (causes.length > 10 || causes.some(byte => byte < 0x40 || byte > 0x7f)) return 'wrong';
    return end === -1 ? 'more' : { used: end + 1, report: { kind: 'offline', causes } };
  }
  return 'wrong';
}

function ended(held: readonly number[], at: number, report: () => PrinterReport): Parsed {
  if (held[at] === undefined) return 'more';
  return held[at] === 0 ? { used: at + 1, report: report() } : 'wrong';
}

function parsePrinterId(held: readonly number[]): Parsed {
  const end = held.indexOf(0, 1);
  const text = held.slice(1, end === -1 ? undefined : end);
  if (text.length > longestPrinterId || text.some(byte => byte < 0x20 || byte > 0x7e)) return 'wrong';
  if (end === -1) return 'more';
  return { used: end + 1, report: { kind: 'printer-id', text: String.fromCharCode(...text) } };
}

function isRealTime(byte: number): boolean {
  return (byte & 0x93) === 0x12;
}

function isAsb(byte: number): boolean {
  return (byte & 0x93) === 0x10;
}

/** True if `byte` is not possible as the next byte of the message begun. */
function cannotContinue(held: readonly number[], byte: number): boolean {
  return parse([...held, byte]) === 'wrong';
}
