/**
 * Barcodes on one printer: by its own command where it has one, else drawn and sent as raster. Sized for a till's scanner: as large as the paper allows,
 * up to what reads best.
 */
import qrcode from 'qrcode-generator';
import type { PrinterProfile } from '../profiles.ts';
import type { SlipElement } from '../types.ts';
import { refuseBarcode } from './barcode-refusal.ts';
import {
  code128Data,
  code128Modules,
  dataBarDigits,
  dataBarExpandedData,
  ean8Data,
  ean8Modules,
  ean13Data,
  ean13Modules,
  gs1128Data,
  itf14Data,
  itfData,
  itfModules,
  upcAData,
  upcAModules,
} from './barcodes.ts';
import * as command from './commands.ts';
import { type DrawnSymbol, type DrawnType, drawSymbol } from './drawn-symbols.ts';
import { bracketed, elementsHuman, type Gs1Element, parseElements } from './gs1-elements.ts';
import { qrSide } from './qr-size.ts';
import { rasterBands } from './raster.ts';

export interface PlacedSymbol {
  readonly bytes: Uint8Array;
  /** What people read in it; undefined for squares that hold a token. */
  readonly human: string | undefined;
  /** Height on paper. */
  readonly dots: number;
  /** White that a scanner wants below, dots. */
  readonly quiet: number;
}

type Barcode = SlipElement & { kind: 'barcode' };

/** @throws TillsideError `print-content` for data that the code can't hold, and codes wider than the paper */
export function placeSymbol({ type, data }: Barcode, profile: PrinterProfile): PlacedSymbol {
  switch (type) {
    case 'ean13':
      return bars(67, ean13Data(data), ean13Modules, profile);
    case 'ean8':
      return bars(68, ean8Data(data), ean8Modules, profile);
    case 'upca':
      return bars(65, upcAData(data), upcAModules, profile);
    case 'itf':
    case 'itf14': {
      const digits = type === 'itf' ? itfData(data) : itf14Data(data);
      return bars(70, digits, itfModules(digits.length), profile);
    }
    case 'code128': {
      const bytes = code128Data(data);
      return bars(73, bytes, code128Modules(bytes), profile, data);
    }
    case 'gs1-128': {
      const { bytes, human } = gs1128Data(data);
      return bars(73, bytes, code128Modules(bytes), profile, human);
    }
    case 'databar':
    case 'databar-stacked':
      return dataBar(type, data, profile);
    case 'databar-expanded':
    case 'databar-expanded-stacked':
      return dataBarExpanded(type, data, profile);
    case 'qr':
      return qr(data, profile);
    case 'gs1-qr':
      return gs1Square('gs1qrcode', data, profile);
    case 'datamatrix':
      return square(drawSymbol('datamatrix', ascii(data)), profile, undefined);
    case 'gs1-datamatrix':
      return gs1Square('gs1datamatrix', data, profile);
    case 'pdf417':
      return pdf417(data, profile);
  }
}

const barHeightMm = 12;
const qrTargetMm = 27;
const gap = 12;
/** More would be hard to scan from thermal paper, and length bytes 10h 04h (1040) would read as a real-time command. */
const mostBytes = 600;

function bars(
  symbology: number,
  data: Uint8Array,
  modules: number,
  profile: PrinterProfile,
  human = Buffer.from(data).toString('latin1'),
): PlacedSymbol {
  const height = Math.round((barHeightMm / 25.4) * profile.dpi);
  const bytes = command.barcode(symbology, data, barModule(modules, profile), height);
  return { bytes, human, dots: height, quiet: gap };
}

/** Widest bars that fit the paper: two dots are the least that a till's scanner reads well. */
function barModule(modules: number, profile: PrinterProfile): number {
  const fit = Math.floor(profile.dots / modules);
  if (fit < 2) refuseBarcode('too-wide', `the barcode is too wide for the paper: ${modules} modules`);
  return Math.min(fit, 3);
}

function dataBar(type: 'databar' | 'databar-stacked', data: string, profile: PrinterProfile): PlacedSymbol {
  const digits = dataBarDigits(data);
  const content = Buffer.from(digits, 'latin1');
  const drawn = drawSymbol(type === 'databar' ? 'databaromni' : 'databarstackedomni', `(01)${withCheck(digits)}`);
  const module = barModule(drawn.width + 4, profile);
  const human = `(01)${withCheck(digits)}`;
  const own = { human, dots: drawn.height * module, quiet: gap };
  if (type === 'databar' && profile.symbols.includes('databar'))
    return { ...own, bytes: command.barcode(75, content, module, drawn.height * module) };
  if (type === 'databar-stacked' && profile.symbols.includes('databar-stacked')) {
    const { stackedOmnidirectional } = command;
    return { ...own, bytes: command.dataBarStacked(stackedOmnidirectional, content, module, profile.dots) };
  }
  return drawnAt(drawn, module, profile, human, gap);
}

function dataBarExpanded(
  type: 'databar-expanded' | 'databar-expanded-stacked',
  data: string,
  profile: PrinterProfile,
): PlacedSymbol {
  const elements = parseElements(data);
  const human = elementsHuman(elements);
  const content = dataBarExpandedData(elements);
  if (type === 'databar-expanded') {
    const drawn = drawSymbol('databarexpanded', bracketed(elements));
    const module = barModule(drawn.width + 4, profile);
    if (content === null || !profile.symbols.includes('databar')) return drawnAt(drawn, module, profile, human, gap);
    const height = drawn.height * module;
    return { bytes: command.barcode(78, content, module, height), human, dots: height, quiet: gap };
  }
  const { drawn, module } = stackedToFit(elements, profile);
  if (content === null || !profile.symbols.includes('databar-stacked'))
    return drawnAt(drawn, module, profile, human, gap);
  const bytes = command.dataBarStacked(command.expandedStacked, content, module, (drawn.width + 4) * module);
  return { bytes, human, dots: drawn.height * module, quiet: gap };
}

/** The fewest rows whose modules are three dots wide, else two. */
function stackedToFit(
  elements: readonly Gs1Element[],
  profile: PrinterProfile,
): { drawn: DrawnSymbol; module: number } {
  for (const module of [3, 2])
    for (const segments of [10, 8, 6, 4, 2]) {
      const drawn = drawSymbol('databarexpandedstacked', bracketed(elements), { segments });
      if ((drawn.width + 4) * module <= profile.dots) return { drawn, module };
    }
  return refuseBarcode('too-wide', `the barcode is too wide for the paper: ${bracketed(elements)}`);
}

/** Square about 27 mm across with at least three dots a module. */
function qr(data: string, profile: PrinterProfile): PlacedSymbol {
  const bytes = Buffer.from(data, 'utf8');
  // A control character is in no token, and could begin a real-time command inside the data.
  if (bytes.length === 0 || bytes.some(byte => byte < 0x20 || byte === 0x7f))
    refuseBarcode('characters', 'a QR code holds text without control characters, at least one character');
  if (bytes.length > mostBytes)
    refuseBarcode('length', `a QR code on a slip holds at most ${mostBytes} bytes, not ${bytes.length}`);
  const native = profile.symbols.includes('qr-star')
    ? command.starQr
    : profile.symbols.includes('qr')
      ? command.qr
      : null;
  if (native === null) return square(qrSquares(bytes), profile, undefined);
  // Only the size is needed: drawing it takes longer than all the rest of a coupon.
  const side = qrSide(bytes.length);
  const module = squareModule({ width: side }, profile);
  return { bytes: native(bytes, module), human: undefined, dots: side * module, quiet: quietOf(module) };
}

function qrSquares(bytes: Uint8Array): DrawnSymbol {
  const symbol = qrcode(0, 'M');
  symbol.addData(Buffer.from(bytes).toString('latin1'), 'Byte');
  symbol.make();
  const side = symbol.getModuleCount();
  const modules = Array.from({ length: side * side }, (_, at) =>
    symbol.isDark(Math.floor(at / side), at % side) ? 1 : 0,
  );
  return { width: side, height: side, modules };
}

function gs1Square(type: DrawnType, data: string, profile: PrinterProfile): PlacedSymbol {
  const elements = parseElements(data);
  // Correction M, as in the QR codes that printers draw themselves.
  const options: Record<string, string | boolean> = type === 'gs1qrcode' ? { eclevel: 'M', fixedeclevel: true } : {};
  return square(drawSymbol(type, bracketed(elements), options), profile, elementsHuman(elements));
}

/** Drawn squares of four dots, half a millimetre: sent at half the resolution they take a quarter of the bytes, and any scanner reads them. */
function square(drawn: DrawnSymbol, profile: PrinterProfile, human: string | undefined): PlacedSymbol {
  const module = (drawn.width + 8) * 4 <= profile.dots ? 4 : squareModule(drawn, profile);
  return drawnAt(drawn, module, profile, human, quietOf(module));
}

function squareModule(drawn: Pick<DrawnSymbol, 'width'>, profile: PrinterProfile): number {
  const target = Math.round((qrTargetMm / 25.4) * profile.dpi);
  const module = Math.min(8, Math.max(3, Math.floor(target / drawn.width)));
  if ((drawn.width + 8) * module > profile.dots)
    refuseBarcode('too-wide', `the code is too wide for the paper: ${drawn.width} squares`);
  return module;
}

/** Four modules (ISO/IEC 18004): the line of text below keeps away from the code. */
const quietOf = (module: number) => Math.max(gap, 4 * module);

function pdf417(data: string, profile: PrinterProfile): PlacedSymbol {
  const content = ascii(data);
  const module = profile.dots >= (17 * 3 + 69 + 4) * 3 ? 3 : 2;
  const columns = Math.min(6, Math.floor((profile.dots / module - 69 - 4) / 17));
  const native = profile.symbols.includes('pdf417');
  // Rows three modules high; four where that lets them be sent in pairs.
  const drawn = drawSymbol('pdf417', content, { columns, eclevel: 2, rowmult: native || module === 2 ? 3 : 4 });
  if (!native) return drawnAt(drawn, module, profile, undefined, gap);
  const bytes = command.pdf417(Buffer.from(content, 'latin1'), columns, module);
  return { bytes, human: undefined, dots: drawn.height * module, quiet: gap };
}

/** Squares as raster, `module` dots each; at half the resolution where that loses nothing. */
function drawnAt(
  drawn: DrawnSymbol,
  module: number,
  profile: PrinterProfile,
  human: string | undefined,
  quiet: number,
): PlacedSymbol {
  // Single dots across are never sent: one that has to be changed for the sake of real-time commands would be half a module.
  const across = module % 2 === 0 && module >= 4 ? 2 : 1;
  const down = rowsInPairs(drawn, module) ? 2 : 1;
  const width = (drawn.width * module) / across;
  const height = (drawn.height * module) / down;
  const rowBytes = Math.ceil(width / 8);
  const bits = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * down) / module) * drawn.width;
    for (let x = 0; x < width; x++) {
      if (drawn.modules[row + Math.floor((x * across) / module)] !== 1) continue;
      const at = y * rowBytes + (x >> 3);
      bits[at] = (bits[at] ?? 0) | (0x80 >> (x & 7));
    }
  }
  const bands = rasterBands({ name: 'barcode', width, height, bits }, profile.dots, { across, down });
  return { bytes: command.join(...bands), human, dots: height * down, quiet };
}

/** True if the rows of dots, two by two, are alike. */
function rowsInPairs({ width, height, modules }: DrawnSymbol, module: number): boolean {
  if (module % 2 === 0) return true;
  if (height % 2 === 1) return false;
  for (let row = 1; row < height; row += 2)
    for (let column = 0; column < width; column++)
      if (modules[row * width + column] !== modules[(row - 1) * width + column]) return false;
  return true;
}

function withCheck(thirteen: string): string {
  return Buffer.from(itf14Data(thirteen)).toString('latin1');
}

/** Readers differ in what they take bytes above 7Fh for. */
function ascii(data: string): string {
  if (!/^[\x20-\x7e]+$/.test(data))
    refuseBarcode('characters', 'this code holds letters, digits and signs of ASCII, and no control characters');
  if (data.length > mostBytes)
    refuseBarcode('length', `a code on a slip holds at most ${mostBytes} characters, not ${data.length}`);
  return data;
}
