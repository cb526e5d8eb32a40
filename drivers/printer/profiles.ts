/**
 * What is known of printer models, as data. Columns, dots and code page numbers are those of the makers' manuals as collected in
 * escpos-printer-db (CC-BY 4.0) and ReceiptPrinterEncoder; what a printer can report is never taken from here but probed.
 */
import { TillsideError } from '../../errors.ts';

/** Encodings by the names of iconv-lite. */
export type CodePage =
  | 'cp437'
  | 'cp737'
  | 'cp852'
  | 'cp857'
  | 'cp858'
  | 'cp866'
  | 'iso88597'
  | 'windows1250'
  | 'windows1251'
  | 'windows1252'
  | 'windows1253'
  | 'windows1254';

export interface PrinterProfile {
  readonly name: string;
  readonly paper: 58 | 80;
  /** Printable dots across. */
  readonly dots: number;
  readonly dpi: 180 | 203;
  /** Characters of font A (12 dots) in a line. */
  readonly columns: number;
  /** Characters of font B (9 dots) in a line. */
  readonly smallColumns: number;
  /** Height of font B in dots; the makers differ. */
  readonly smallHeight: 17 | 24;
  /** In order of preference; the number is the one that selects the page on this brand. */
  readonly codePages: readonly (readonly [page: CodePage, number: number])[];
  /** `ESC t n` as Epson has it, or `ESC GS t n` as Star has it. */
  readonly selectPage: 'epson' | 'star';
  readonly cutter: 'partial' | 'full' | 'none';
  /** Lines from the print head to where a printer without cutter is torn. */
  readonly tearLines: number;
  /** Millimetres of paper a second, the slow end. */
  readonly speed: number;
  /** `GS P` sets the vertical unit to one dot; clones take a unit for a dot anyway. */
  readonly motionUnits: boolean;
  /** Besides EAN, UPC, ITF and CODE128, which all of them print; what is not here is sent as raster. */
  readonly symbols: readonly NativeSymbol[];
  /** How images are kept in its memory: by key (`GS ( L`), by number (`FS q`, all of them anew each time), or not at all. */
  readonly imageMemory: 'keyed' | 'numbered' | 'none';
}

export type NativeSymbol =
  /** `GS ( k` 49 */
  | 'qr'
  /** `ESC GS y`: the one that Star's specification of its ESC/POS mode has, as of its line mode. */
  | 'qr-star'
  /** `GS ( k` 48 */
  | 'pdf417'
  /** `GS k` 75 and 78 */
  | 'databar'
  /** `GS ( k` 51 */
  | 'databar-stacked';

const epsonPages: PrinterProfile['codePages'] = [
  ['cp858', 19],
  ['windows1252', 16],
  ['cp852', 18],
  ['windows1250', 45],
  ['cp866', 17],
  ['windows1251', 46],
  ['iso88597', 15],
  ['windows1253', 47],
  ['cp737', 14],
  ['cp857', 13],
  ['windows1254', 48],
  ['cp437', 0],
];

/** Before the TM-T88IV: no Greek, no Turkish page. */
const epsonEarlyPages: PrinterProfile['codePages'] = [
  ['cp858', 19],
  ['windows1252', 16],
  ['cp852', 18],
  ['cp866', 17],
  ['cp437', 0],
];

const bixolonPages: PrinterProfile['codePages'] = [
  ['cp858', 19],
  ['windows1252', 16],
  ['cp852', 18],
  ['windows1250', 47],
  ['cp866', 17],
  ['windows1251', 28],
  ['windows1253', 24],
  ['cp737', 29],
  ['windows1254', 25],
  ['cp857', 38],
  ['cp437', 0],
];

/** No Greek page. */
const citizenPages: PrinterProfile['codePages'] = [
  ['cp858', 2],
  ['windows1252', 16],
  ['cp852', 6],
  ['cp866', 7],
  ['cp857', 8],
  ['cp437', 0],
];

const starPages: PrinterProfile['codePages'] = [
  ['cp858', 4],
  ['windows1252', 32],
  ['cp852', 5],
  ['windows1250', 33],
  ['cp866', 10],
  ['windows1251', 34],
  ['cp737', 15],
  ['cp857', 12],
  ['cp437', 1],
];

/** What nearly every clone has; more would be a guess. */
const clonePages: PrinterProfile['codePages'] = [
  ['cp858', 19],
  ['windows1252', 16],
  ['cp852', 18],
  ['cp866', 17],
  ['cp437', 0],
];

const at180 = {
  paper: 80,
  dots: 512,
  dpi: 180,
  columns: 42,
  smallColumns: 56,
  smallHeight: 17,
  codePages: epsonPages,
  selectPage: 'epson',
  cutter: 'partial',
  tearLines: 5,
  motionUnits: true,
  symbols: ['qr', 'pdf417', 'databar', 'databar-stacked'],
  imageMemory: 'keyed',
} as const;

const at203 = { ...at180, dots: 576, dpi: 203, columns: 48, smallColumns: 64 } as const;

export const printerProfiles: readonly PrinterProfile[] = [
  { ...at203, name: 'TM-T20II', speed: 150 },
  { ...at203, name: 'TM-T20III', speed: 200 },
  { ...at203, name: 'TM-m30', speed: 150 },
  {
    ...at180,
    name: 'TM-T88III',
    speed: 120,
    codePages: epsonEarlyPages,
    symbols: [],
    imageMemory: 'numbered',
  },
  { ...at180, name: 'TM-T88IV', speed: 150, symbols: ['qr', 'pdf417'] },
  { ...at180, name: 'TM-T88V', speed: 200 },
  { ...at180, name: 'TM-T88VI', speed: 250 },
  {
    ...at203,
    name: 'TSP650II',
    speed: 150,
    codePages: starPages,
    selectPage: 'star',
    smallHeight: 24,
    motionUnits: false,
    symbols: ['qr-star'],
    imageMemory: 'numbered',
  },
  {
    ...at180,
    name: 'SRP-350III',
    speed: 150,
    codePages: bixolonPages,
    symbols: ['qr', 'pdf417'],
    imageMemory: 'numbered',
  },
  {
    ...at203,
    name: 'CT-S310II',
    speed: 120,
    codePages: citizenPages,
    smallHeight: 24,
    symbols: ['qr', 'pdf417', 'databar'],
    imageMemory: 'numbered',
  },
  {
    ...at203,
    name: 'generic-80',
    speed: 60,
    codePages: clonePages,
    motionUnits: false,
    symbols: ['qr'],
    imageMemory: 'none',
  },
  {
    ...at203,
    name: 'generic-58',
    paper: 58,
    dots: 384,
    columns: 32,
    smallColumns: 42,
    speed: 50,
    codePages: clonePages,
    cutter: 'none',
    motionUnits: false,
    symbols: ['qr'],
    imageMemory: 'none',
  },
];

/**
 * Profile by name, without regard to case, blanks and dashes; `auto` is the generic one of the paper's width in millimetres.
 * @throws TillsideError `config-invalid` if no profile has this name
 */
export function resolveProfile(name: string, paper: 58 | 80): PrinterProfile {
  const wanted = name.toLowerCase() === 'auto' ? `generic-${paper}` : name;
  const found = printerProfiles.find(profile => plain(profile.name) === plain(wanted));
  if (found !== undefined) return found;
  throw new TillsideError(
    'config-invalid',
    `printer profile "${name}" is not known; write auto or one of ${printerProfiles.map(profile => profile.name).join(', ')}`,
    { context: { name } },
  );
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, '');
}
