/** Finds real-time commands in the bytes as they arrive: wherever they stand, inside images and codes too, as printers do. */

export type RealTimeCommand =
  | { readonly kind: 'status'; readonly which: 1 | 2 | 3 | 4 }
  | { readonly kind: 'recover'; readonly how: 1 | 2 }
  | { readonly kind: 'clear' };

const clear = [0x10, 0x14, 8, 1, 3, 0x14, 1, 6, 2, 8];

/** One byte at a time; the command when its last byte came. */
export function createRealTimeScanner(): (byte: number) => RealTimeCommand | null {
  let last: number[] = [];
  return byte => {
    last.push(byte);
    if (last.length > clear.length) last = last.slice(-clear.length);
    const [dle, kind, n] = last.slice(-3);
    if (last.length === clear.length && last.every((value, at) => value === clear[at])) return { kind: 'clear' };
    if (dle !== 0x10) return null;
    if (kind === 0x04 && (n === 1 || n === 2 || n === 3 || n === 4)) return { kind: 'status', which: n };
    if (kind === 0x05 && (n === 1 || n === 2)) return { kind: 'recover', how: n };
    return null;
  };
}
