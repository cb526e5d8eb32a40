/**
 * Symbols that few printers know, as squares: drawn by bwip-js, which is loaded when the first of them is asked for (it takes 0.1 s and some megabytes,
 * and most tills never print one).
 */
import { createRequire } from 'node:module';
import { messageOf } from '../../../errors.ts';
import { refuseBarcode } from './barcode-refusal.ts';

export type DrawnType =
  | 'databaromni'
  | 'databarstackedomni'
  | 'databarexpanded'
  | 'databarexpandedstacked'
  | 'pdf417'
  | 'datamatrix'
  | 'gs1datamatrix'
  | 'qrcode'
  | 'gs1qrcode'
  /** All printers have CODE128; drawn to compare. */
  | 'code128'
  | 'gs1-128';

export interface DrawnSymbol {
  /** Modules across and down, without quiet zone. */
  readonly width: number;
  readonly height: number;
  /** Row by row, one entry a module; 1 is dark. */
  readonly modules: readonly number[];
}

/** Heights of the symbols that have one row of bars, in modules: 33 and 34 at least (GS1 General Specifications), and even. */
const barHeights: Partial<Record<DrawnType, number>> = { databaromni: 34, databarexpanded: 34 };

/**
 * @param options of the symbol, as BWIPP names them
 * @throws TillsideError `print-content` if the symbol can't hold the data
 */
export function drawSymbol(
  type: DrawnType,
  data: string,
  options: Readonly<Record<string, string | number | boolean>> = {},
): DrawnSymbol {
  let drawn: Drawing | undefined;
  try {
    drawn = library().raw({ bcid: type, text: data, ...options })[0];
  } catch (cause) {
    // Its messages begin with a name of its own: "bwipp.GS1badChecksum#4711: AI 01: …"
    refuseBarcode('form', `the ${type} code can't hold "${data}": ${messageOf(cause).replace(/^.*?#\d+: */, '')}`);
  }
  if (drawn === undefined) return refuseBarcode('form', `no ${type} code for "${data}"`);
  if ('pixs' in drawn) return { width: drawn.pixx, height: drawn.pixs.length / drawn.pixx, modules: drawn.pixs };
  const row = drawn.sbs.flatMap((run, at) => Array<number>(run).fill(at % 2 === 0 ? 1 : 0));
  const height = barHeights[type] ?? 1;
  return { width: row.length, height, modules: Array.from({ length: height }, () => row).flat() };
}

/** What is used of bwip-js: bars and spaces by turns, or squares row by row. */
type Drawing = { readonly sbs: readonly number[] } | { readonly pixs: readonly number[]; readonly pixx: number };
type Library = { raw(options: Readonly<Record<string, unknown>>): readonly Drawing[] };

let loaded: Library | null = null;

function library(): Library {
  loaded ??= createRequire(import.meta.url)('bwip-js/node') as Library;
  return loaded;
}
