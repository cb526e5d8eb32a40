/** The ESC/POS commands that tillside sends, one function each. Names and numbers as in Epson's ESC/POS command reference. */

const ESC = 0x1b;
const FS = 0x1c;
const GS = 0x1d;
const DLE = 0x10;

export const LF = 0x0a;

/** ESC @: modes as at power-on, line buffer emptied; the receive buffer stays. Ends automatic status too, so ask for it again. */
export const initialise = bytes(ESC, 0x40);
/** ESC R 0: otherwise a DIP switch may turn `#`, `@`, `[` into letters of some country. */
export const internationalUsa = bytes(ESC, 0x52, 0);
/** GS a 0F: automatic status on drawer, on/offline, error and paper. */
export const automaticStatus = bytes(GS, 0x61, 0x0f);
/** GS r 1: one status byte when its turn in the receive buffer comes. */
export const fence = bytes(GS, 0x72, 1);
/** DLE EOT 1–4, all four. */
export const realTimeStatus = bytes(DLE, 4, 1, DLE, 4, 2, DLE, 4, 3, DLE, 4, 4);
/** DLE ENQ 1: go on from the line where the error happened. */
export const recover = bytes(DLE, 5, 1);
/** DLE DC4 8: clears the receive and print buffers; nothing may be sent before it is acknowledged. */
export const clearBuffers = bytes(DLE, 0x14, 8, 1, 3, 0x14, 1, 6, 2, 8);

/** GS ( H 48: the printer sends `37 22 id 00` when everything before it is on paper. */
export function processId(id: string): Uint8Array {
  return join(bytes(GS, 0x28, 0x48, 6, 0, 0x30, 0x30), latin(id));
}

export const motionUnits = (dpi: number) => bytes(GS, 0x50, dpi, dpi);
export const lineSpacing = (dots: number) => bytes(ESC, 0x33, dots);
export const feedLines = (lines: number) => bytes(ESC, 0x64, lines);
/** ESC J, in the unit of `motionUnits`. */
export const feedDots = (dots: number) => bytes(ESC, 0x4a, dots);
export const align = (where: 'left' | 'center' | 'right') =>
  bytes(ESC, 0x61, where === 'left' ? 0 : where === 'center' ? 1 : 2);
export const bold = (on: boolean) => bytes(ESC, 0x45, on ? 1 : 0);
export const inverse = (on: boolean) => bytes(GS, 0x42, on ? 1 : 0);
export const font = (small: boolean) => bytes(ESC, 0x4d, small ? 1 : 0);
export const size = (times: 1 | 2 | 3) => bytes(GS, 0x21, ((times - 1) << 4) | (times - 1));
/** Width only. */
export const stretch = (times: number) => bytes(GS, 0x21, (times - 1) << 4);
export const codePage = (number: number, how: 'epson' | 'star') =>
  how === 'star' ? bytes(ESC, GS, 0x74, number) : bytes(ESC, 0x74, number);

/** GS V B 0: feeds to the cutter, then cuts leaving one point; GS V A 0: the same with a full cut. */
export const cut = (how: 'partial' | 'full') => bytes(GS, 0x56, how === 'partial' ? 0x42 : 0x41, 0);

/** GS k m n d: barcode with length byte. `module` dots a bar, `height` dots, no text of the printer's own. */
export function barcode(symbology: number, data: Uint8Array, module: number, height: number): Uint8Array {
  return join(bytes(GS, 0x68, height, GS, 0x77, module, GS, 0x48, 0, GS, 0x6b, symbology, data.length), data);
}

/** GS ( k: QR model 2, error correction M, `module` dots a square. */
export function qr(data: Uint8Array, module: number): Uint8Array {
  const stored = data.length + 3;
  return join(
    bytes(GS, 0x28, 0x6b, 4, 0, 0x31, 0x41, 0x32, 0),
    bytes(GS, 0x28, 0x6b, 3, 0, 0x31, 0x43, module),
    bytes(GS, 0x28, 0x6b, 3, 0, 0x31, 0x45, 0x31),
    bytes(GS, 0x28, 0x6b, stored & 0xff, stored >> 8, 0x31, 0x50, 0x30),
    data,
    bytes(GS, 0x28, 0x6b, 3, 0, 0x31, 0x51, 0x30),
  );
}

/** ESC GS y, Star's own in both of its modes: QR model 2, error correction M, kind of data left to the printer. */
export function starQr(data: Uint8Array, module: number): Uint8Array {
  const own = (...rest: readonly number[]) => bytes(ESC, GS, 0x79, ...rest);
  return join(
    own(0x53, 0x30, 2),
    own(0x53, 0x31, 1),
    own(0x53, 0x32, module),
    own(0x44, 0x31, 0, data.length & 0xff, data.length >> 8),
    data,
    own(0x50),
  );
}

/** GS ( k 48: PDF417 of so many columns, error correction level 2, rows three modules high. ASCII only. */
export function pdf417(data: Uint8Array, columns: number, module: number): Uint8Array {
  const stored = data.length + 3;
  return join(
    bytes(GS, 0x28, 0x6b, 3, 0, 0x30, 0x41, columns),
    bytes(GS, 0x28, 0x6b, 3, 0, 0x30, 0x43, module),
    bytes(GS, 0x28, 0x6b, 3, 0, 0x30, 0x44, 3),
    bytes(GS, 0x28, 0x6b, 4, 0, 0x30, 0x45, 0x30, 0x32),
    bytes(GS, 0x28, 0x6b, stored & 0xff, stored >> 8, 0x30, 0x50, 0x30),
    data,
    bytes(GS, 0x28, 0x6b, 3, 0, 0x30, 0x51, 0x30),
  );
}

export const stackedOmnidirectional = 73;
export const expandedStacked = 76;

/** GS ( k 51: a stacked GS1 DataBar at most `width` dots wide. */
export function dataBarStacked(kind: 73 | 76, data: Uint8Array, module: number, width: number): Uint8Array {
  return join(
    bytes(GS, 0x28, 0x6b, 3, 0, 0x33, 0x43, module),
    bytes(GS, 0x28, 0x6b, 4, 0, 0x33, 0x47, width & 0xff, width >> 8),
    bytes(GS, 0x28, 0x6b, data.length + 4, 0, 0x33, 0x50, 0x30, kind),
    data,
    bytes(GS, 0x28, 0x6b, 3, 0, 0x33, 0x51, 0x30),
  );
}

/** Each dot of an image printed so many times across and down. */
export interface Stretch {
  readonly across: 1 | 2;
  readonly down: 1 | 2;
}

/** GS v 0: one band of raster, `rowBytes` bytes a row. At most 255 rows, so that no length byte can begin a real-time command. */
export function raster(
  rows: Uint8Array,
  rowBytes: number,
  { across, down }: Stretch = { across: 1, down: 1 },
): Uint8Array {
  const mode = across - 1 + 2 * (down - 1);
  return join(bytes(GS, 0x76, 0x30, mode, rowBytes, 0, rows.length / rowBytes, 0), rows);
}

/** GS ( L 67: keeps an image in the printer's memory under a key of two characters. Wears the memory out: at most ten times a day. */
export function storeGraphics(key: string, bits: Uint8Array, width: number, height: number): Uint8Array {
  const length = bits.length + 11;
  return join(
    bytes(GS, 0x28, 0x4c, length & 0xff, length >> 8, 0x30, 0x43, 0x30),
    latin(key),
    bytes(1, width & 0xff, width >> 8, height & 0xff, height >> 8, 0x31),
    bits,
  );
}

/** GS ( L 69: prints it. An unknown key prints nothing. */
export function printGraphics(key: string): Uint8Array {
  return join(bytes(GS, 0x28, 0x4c, 6, 0, 0x30, 0x45), latin(key), bytes(1, 1));
}

/** FS q: the one image in a memory of numbered images, columns of eight dots from the left; the printer resets itself afterwards. */
export function storeBitImage(columns: Uint8Array, widthBytes: number, heightBytes: number): Uint8Array {
  return join(bytes(FS, 0x71, 1, widthBytes & 0xff, widthBytes >> 8, heightBytes & 0xff, heightBytes >> 8), columns);
}

/** FS p 1 0: prints it. */
export const printBitImage = bytes(FS, 0x70, 1, 0);

export function bytes(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

function latin(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
