/** Barcodes as the simulated printer draws them from its commands' data; written apart from the encoder, so that each checks the other. */
import qrcode from 'qrcode-generator';

export interface Bars {
  /** One entry a module; 1 is a bar. */
  readonly modules: readonly number[];
  /** What a scanner reads; FNC1 as GS (1Dh), a leading one left out. */
  readonly text: string;
  /** The modules are dots already. */
  readonly inDots?: boolean;
}

/** Widths of bars and spaces of the symbols 0–106 (ISO/IEC 15417, annex); 106 is the stop with its last bar. */
const widths =
  (
    '212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222123122123221223211221132221231213212' +
    '223112312131311222321122321221312212322112322211212123212321232121111323131123131321112313132113132311211313231113231311112133112331' +
    '132131113123113321133121313121211331231131213113213311213131311123311321331121312113312311332111314111221411431111111224111422121124' +
    '121421141122141221112214112412122114122411142112142211241211221114413111241112134111111242121142121241114212124112124211411212421112' +
    '421211212141214121412121111143111341131141114113114311411113411311113141114131311141411131211412211214211232'
  ).match(/.{6}/g) ?? [];

const startB = 104;
const startC = 105;
const stopWidths = '2331112';
const fnc1 = 102;
const shift = 98;

/**
 * Data of `GS k 73`: must begin with a code set, `{` escapes.
 * @returns null where a printer would refuse the command
 */
export function code128(data: Uint8Array): Bars | null {
  const symbols: number[] = [];
  let set: 'A' | 'B' | 'C' | null = null;
  let text = '';
  /** Set A or B for one character. */
  let shifted = false;
  for (let at = 0; at < data.length; at++) {
    const byte = data[at] ?? 0;
    const now: 'A' | 'B' | 'C' | null = shifted ? (set === 'A' ? 'B' : 'A') : set;
    if (byte === 0x7b) {
      at++;
      const sign = String.fromCharCode(data[at] ?? 0);
      if (sign === 'A' || sign === 'B' || sign === 'C') {
        const value = { A: 101, B: 100, C: 99 }[sign];
        symbols.push(set === null ? { A: 103, B: startB, C: startC }[sign] : value);
        set = sign;
      } else if (sign === '1' && set !== null) {
        if (symbols.length > 1) text += '\u001d';
        symbols.push(fnc1);
      } else if (sign === 'S' && (set === 'A' || set === 'B') && !shifted) {
        symbols.push(shift);
        shifted = true;
        continue;
      } else if (sign === '{' && now === 'B') {
        symbols.push(0x7b - 32);
        text += '{';
      } else return null;
    } else if (now === 'B' && byte >= 0x20 && byte < 0x80) {
      symbols.push(byte - 32);
      text += String.fromCharCode(byte);
    } else if (now === 'A' && byte < 0x60) {
      symbols.push(byte < 0x20 ? byte + 64 : byte - 32);
      text += String.fromCharCode(byte);
    } else if (now === 'C' && byte < 100) {
      symbols.push(byte);
      text += String(byte).padStart(2, '0');
    } else return null;
    shifted = false;
  }
  if (set === null || symbols.length < 2) return null;
  const check = symbols.reduce((sum, symbol, at) => sum + symbol * Math.max(1, at), 0) % 103;
  const modules: number[] = [];
  for (const symbol of [...symbols, check]) modules.push(...spread(widths[symbol] ?? ''));
  modules.push(...spread(stopWidths));
  return { modules, text };
}

const eanL = [
  '0001101',
  '0011001',
  '0010011',
  '0111101',
  '0100011',
  '0110001',
  '0101111',
  '0111011',
  '0110111',
  '0001011',
];
const eanParity = ['LLLLLL', 'LLGLGG', 'LLGGLG', 'LLGGGL', 'LGLLGG', 'LGGLLG', 'LGGGLL', 'LGLGLG', 'LGLGGL', 'LGGLGL'];

/** Data of `GS k 67`; like a printer it works out the check digit of 12 digits and takes the 13th as it is. */
export function ean13(data: Uint8Array): Bars | null {
  const digits = withCheckDigit(data, 12);
  return digits === null ? null : { modules: eanBars(digits), text: digits };
}

/** Data of `GS k 65`: an EAN-13 that begins with 0. */
export function upcA(data: Uint8Array): Bars | null {
  const digits = withCheckDigit(data, 11);
  return digits === null ? null : { modules: eanBars(`0${digits}`), text: digits };
}

/** Data of `GS k 68`. */
export function ean8(data: Uint8Array): Bars | null {
  const digits = withCheckDigit(data, 7);
  if (digits === null) return null;
  const left = [...digits.slice(0, 4)].map(digit => eanL[Number(digit)] ?? '').join('');
  const right = [...digits.slice(4)].map(digit => inverted(eanL[Number(digit)] ?? '')).join('');
  return { modules: [...`101${left}01010${right}101`].map(Number), text: digits };
}

/** Data of `GS k 70`: five elements a digit, two of them wide; a digit in bars and the next in the spaces between. */
export function itf(data: Uint8Array, narrow: number): Bars | null {
  const digits = Buffer.from(data).toString('latin1');
  if (!/^(\d\d)+$/.test(digits)) return null;
  const wide = Math.ceil(narrow * 2.5);
  const elements: number[] = [narrow, narrow, narrow, narrow];
  for (const pair of digits.match(/../g) ?? []) {
    const [bars = '', spaces = ''] = [...pair].map(digit => itfWide[Number(digit)] ?? '');
    for (let at = 0; at < 5; at++) elements.push(bars[at] === 'w' ? wide : narrow, spaces[at] === 'w' ? wide : narrow);
  }
  elements.push(wide, narrow, narrow);
  return {
    modules: elements.flatMap((dots, at) => Array<number>(dots).fill(at % 2 === 0 ? 1 : 0)),
    text: digits,
    inDots: true,
  };
}

const itfWide = ['nnwwn', 'wnnnw', 'nwnnw', 'wwnnn', 'nnwnw', 'wnwnn', 'nwwnn', 'nnnww', 'wnnwn', 'nwnwn'];

function eanBars(digits: string): number[] {
  const parity = eanParity[Number(digits[0])] ?? '';
  let bits = '101';
  for (let at = 1; at <= 6; at++) {
    const left = eanL[Number(digits[at])] ?? '';
    bits += parity[at - 1] === 'L' ? left : reversed(inverted(left));
  }
  bits += '01010';
  for (let at = 7; at <= 12; at++) bits += inverted(eanL[Number(digits[at])] ?? '');
  return [...`${bits}101`].map(Number);
}

function withCheckDigit(data: Uint8Array, length: number): string | null {
  const digits = Buffer.from(data).toString('latin1');
  if (!/^\d+$/.test(digits) || digits.length < length || digits.length > length + 1) return null;
  if (digits.length > length) return digits;
  let sum = 0;
  for (let at = 0; at < length; at++) sum += Number(digits[length - 1 - at]) * (at % 2 === 0 ? 3 : 1);
  return digits + ((10 - (sum % 10)) % 10);
}

/** Squares of a QR code, row by row. */
export function qr(
  data: Uint8Array,
  correction: 'L' | 'M' | 'Q' | 'H',
): { readonly side: number; readonly modules: Uint8Array } | null {
  const symbol = qrcode(0, correction);
  symbol.addData(Buffer.from(data).toString('latin1'), 'Byte');
  try {
    symbol.make();
  } catch {
    return null;
  }
  const side = symbol.getModuleCount();
  const modules = new Uint8Array(side * side);
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) modules[row * side + column] = symbol.isDark(row, column) ? 1 : 0;
  return { side, modules };
}

function spread(runs: string): number[] {
  return [...runs].flatMap((run, at) => Array<number>(Number(run)).fill(at % 2 === 0 ? 1 : 0));
}

function inverted(bits: string): string {
  return bits.replaceAll(/[01]/g, bit => (bit === '0' ? '1' : '0'));
}

function reversed(bits: string): string {
  return [...bits].reverse().join('');
}
