/**
 * `GS ( k` as a simulated printer has it: settings and data are stored, then printed. QR, PDF417 and stacked GS1 DataBar; and the one-row DataBars of
 * `GS k`. Drawn from the commands' data alone, which carries no brackets.
 */
import { drawSymbol } from '../printer/escpos/drawn-symbols.ts';
import type { NativeSymbol } from '../printer/profiles.ts';
import { type Modes, type PrintedSymbol, type Rows, squareRows } from './printer-canvas.ts';
import { qr } from './printer-symbols.ts';

const qrFamily = 0x31;
const pdfFamily = 0x30;
const dataBarFamily = 0x33;

export class SymbolStore {
  #data = new Map<number, Uint8Array>();
  /** By family and function. */
  #settings = new Map<string, number>();

  clear(): void {
    this.#data = new Map();
    this.#settings = new Map();
  }

  /** Rows where the command prints, null where it only stores. */
  command(
    data: Uint8Array,
    align: Modes['align'],
    width: number,
    knows: readonly NativeSymbol[],
  ): Rows | 'refused' | null {
    const [family = 0, fn = 0, n = 0, high = 0] = data;
    if (fn === 0x50) this.#data.set(family, data.slice(3));
    else if (fn !== 0x51) this.#settings.set(`${family} ${fn}`, family === pdfFamily && fn === 0x45 ? high : n);
    if (family === dataBarFamily && fn === 0x47) this.#settings.set('stack', n + high * 256);
    if (fn !== 0x51) return null;
    const stored = this.#data.get(family) ?? new Uint8Array(0);
    try {
      if (family === qrFamily && knows.includes('qr')) return this.#qr(stored, align, width) ?? 'refused';
      if (family === pdfFamily && knows.includes('pdf417')) return this.#pdf417(stored, align, width) ?? 'refused';
      if (family === dataBarFamily && knows.includes('databar-stacked'))
        return this.#dataBar(stored, align, width) ?? 'refused';
    } catch {
      // The data is none that the symbol can hold.
    }
    return 'refused';
  }

  /** `ESC GS y` of Star: `S` and `D` store, `P` prints. */
  star(data: Uint8Array, align: Modes['align'], width: number): Rows | 'refused' | null {
    const [letter = 0, fn = 0, n = 0] = data;
    if (letter === 0x53 && fn === 0x31) this.#settings.set(`${qrFamily} ${0x45}`, 0x30 + n);
    if (letter === 0x53 && fn === 0x32) this.#settings.set(`${qrFamily} ${0x43}`, n);
    if (letter === 0x44) this.#data.set(qrFamily, data.slice(5));
    if (letter !== 0x50) return null;
    return this.#qr(this.#data.get(qrFamily) ?? new Uint8Array(0), align, width) ?? 'refused';
  }

  #of(family: number, fn: number, otherwise: number): number {
    return this.#settings.get(`${family} ${fn}`) ?? otherwise;
  }

  #qr(stored: Uint8Array, align: Modes['align'], width: number): Rows | null {
    const correction = (['L', 'M', 'Q', 'H'] as const)[this.#of(qrFamily, 0x45, 0x30) - 0x30] ?? 'L';
    const symbol = qr(stored, correction);
    if (symbol === null) return null;
    const squares = { width: symbol.side, modules: symbol.modules };
    const text = Buffer.from(stored).toString('utf8');
    return squareRows(squares, this.#of(qrFamily, 0x43, 3), align, width, { type: 'qr', data: text });
  }

  #pdf417(stored: Uint8Array, align: Modes['align'], width: number): Rows | null {
    const text = Buffer.from(stored).toString('latin1');
    const drawn = drawSymbol('pdf417', text, {
      columns: this.#of(pdfFamily, 0x41, 0),
      eclevel: this.#of(pdfFamily, 0x45, 0x31) - 0x30,
      rowmult: this.#of(pdfFamily, 0x44, 3),
    });
    return squareRows(drawn, this.#of(pdfFamily, 0x43, 3), align, width, { type: 'pdf417', data: text });
  }

  #dataBar(stored: Uint8Array, align: Modes['align'], width: number): Rows | null {
    const [kind = 0] = stored;
    const text = Buffer.from(stored.subarray(1)).toString('latin1');
    const module = this.#of(dataBarFamily, 0x43, 2);
    if (kind === 73) {
      const drawn = drawSymbol('databarstackedomni', `(01)${withCheckDigit(text)}`);
      return squareRows(drawn, module, align, width, { type: 'databar', data: `01${withCheckDigit(text)}` });
    }
    if (kind !== 76) return null;
    const most = this.#settings.get('stack') || width;
    for (let segments = 22; segments >= 2; segments -= 2) {
      const drawn = drawSymbol('databarexpandedstacked', bracketed(text), { segments });
      if (drawn.width * module > most && segments > 2) continue;
      return squareRows(drawn, module, align, width, expanded(text));
    }
    return null;
  }
}

/** `GS k` 74, 75 and 78, bars as high as `GS h` says. */
export function dataBarRows(symbology: number, data: Uint8Array, modes: Modes, width: number): Rows | null {
  const text = Buffer.from(data).toString('latin1');
  if (symbology !== 74 && symbology !== 75 && symbology !== 78) return null;
  try {
    const omnidirectional = symbology === 75;
    const drawn = omnidirectional
      ? drawSymbol('databaromni', `(01)${withCheckDigit(text)}`)
      : drawSymbol(symbology === 74 ? 'gs1-128' : 'databarexpanded', bracketed(text));
    const symbol: PrintedSymbol = omnidirectional
      ? { type: 'databar', data: `01${withCheckDigit(text)}` }
      : { ...expanded(text), ...(symbology === 74 ? { type: 'code128' } : {}) };
    const one = squareRows(
      { width: drawn.width, modules: drawn.modules.slice(0, drawn.width) },
      modes.barModule,
      modes.align,
      width,
      symbol,
    );
    if (one === null) return null;
    const row = one.dots.subarray(0, width);
    const dots = new Uint8Array(width * modes.barHeight);
    for (let y = 0; y < modes.barHeight; y++) dots.set(row, y * width);
    return { dots, height: modes.barHeight, symbol };
  } catch {
    return null;
  }
}

function expanded(text: string): PrintedSymbol {
  return { type: 'databar-expanded', data: text.replaceAll('{1', '\u001d') };
}

function withCheckDigit(thirteen: string): string {
  let sum = 0;
  for (let at = 0; at < 13; at++) sum += Number(thirteen[at]) * (at % 2 === 0 ? 3 : 1);
  return `${thirteen}${(10 - (sum % 10)) % 10}`;
}

/** The AIs of a string without brackets, `{1` being FNC1 (GS1 General Specifications, figures 3.2-1 and 7.8.5-2). */
function bracketed(text: string): string {
  let rest = text.replace(/^\(/, '');
  if (rest !== text) return text;
  let out = '';
  while (rest !== '') {
    const two = rest.slice(0, 2);
    const digits = /^(0[0-4]|1\d|2[0-2]|30|37|9\d)$/.test(two) ? 2 : /^(23|24|25|40|41|42|71)$/.test(two) ? 3 : 4;
    const separator = rest.indexOf('{1');
    const end = lengths[two] ?? (separator === -1 ? rest.length : separator);
    out += `(${rest.slice(0, digits)})${rest.slice(digits, end)}`;
    rest = rest.slice(end).replace(/^\{1/, '');
  }
  return out;
}

const lengths: Readonly<Record<string, number>> = Object.fromEntries([
  ['00', 20],
  ...['01', '02', '03'].map(ai => [ai, 16]),
  ['04', 18],
  ...Array.from({ length: 9 }, (_, at) => [`1${at + 1}`, 8]),
  ['20', 4],
  ...['31', '32', '33', '34', '35', '36'].map(ai => [ai, 10]),
  ['41', 16],
]);
