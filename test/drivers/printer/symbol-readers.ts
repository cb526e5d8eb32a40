/** Readers that know nothing of tillside: zbarimg, and @zxing/library where it is installed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';

export const zbarIsThere = spawnSync('zbarimg', ['--version']).error === undefined;

/** What zbarimg reads in each picture, `EAN-13:7612345678900`; an unread one is missing. */
export function readByZbar(pictures: readonly Uint8Array[], options: readonly string[] = []): readonly string[] {
  const here = mkdtempSync(join(tmpdir(), 'symbols-'));
  try {
    const files = pictures.map((picture, at) => {
      const file = join(here, `${String(at).padStart(3, '0')}.png`);
      writeFileSync(file, picture);
      return file;
    });
    const { stdout } = spawnSync('zbarimg', ['--quiet', '-Supca.enable', ...options, ...files], { encoding: 'utf8' });
    return stdout.trim().split('\n');
  } finally {
    rmSync(here, { recursive: true });
  }
}

export interface Ink {
  readonly width: number;
  readonly height: number;
  /** One byte a dot, 1 is black. */
  readonly dots: Uint8Array;
}

/** The black of a picture, the white around it taken away. */
export function inkOf(picture: Uint8Array): Ink {
  const { width, height, data } = PNG.sync.read(Buffer.from(picture));
  const black = (x: number, y: number) => (data[(y * width + x) * 4] ?? 255) < 128;
  const rows = Array.from({ length: height }, (_, y) => y).filter(y => some(width, x => black(x, y)));
  const columns = Array.from({ length: width }, (_, x) => x).filter(x => some(height, y => black(x, y)));
  const [top = 0, left = 0] = [rows[0], columns[0]];
  const size = { width: (columns.at(-1) ?? 0) - left + 1, height: (rows.at(-1) ?? 0) - top + 1 };
  const dots = new Uint8Array(size.width * size.height);
  for (let at = 0; at < dots.length; at++)
    dots[at] = black(left + (at % size.width), top + Math.floor(at / size.width)) ? 1 : 0;
  return { ...size, dots };
}

/** A picture of ink with white around it, each dot as a square of `times`. */
export function pictureOfInk({ width, height, dots }: Ink, times = 1, margin = 40): Uint8Array {
  const png = new PNG({ width: width * times + 2 * margin, height: height * times + 2 * margin });
  png.data.fill(255);
  for (let y = 0; y < height * times; y++)
    for (let x = 0; x < width * times; x++) {
      if (dots[Math.floor(y / times) * width + Math.floor(x / times)] !== 1) continue;
      png.data.fill(0, ((y + margin) * png.width + x + margin) * 4, ((y + margin) * png.width + x + margin) * 4 + 3);
    }
  return PNG.sync.write(png, { colorType: 0 });
}

function some(count: number, is: (at: number) => boolean): boolean {
  for (let at = 0; at < count; at++) if (is(at)) return true;
  return false;
}

/** Reads one code, or throws. */
export type Zxing = (ink: Ink, reader: ZxingReader) => string;

export type ZxingReader = 'PDF417Reader' | 'DataMatrixReader' | 'QRCodeReader' | 'RSSExpandedReader';

/** Null where the library is not installed; `ZXING_LIBRARY` names another place to load it from. */
export async function openZxing(): Promise<Zxing | null> {
  const name: string = process.env.ZXING_LIBRARY ?? '@zxing/library';
  let library: ZxingLibrary;
  try {
    const loaded = (await import(name)) as { default?: ZxingLibrary } & ZxingLibrary;
    library = loaded.default ?? loaded;
  } catch {
    return null;
  }
  const { RGBLuminanceSource, BinaryBitmap, HybridBinarizer } = library;
  return (ink, reader) => {
    const { data, width, height } = PNG.sync.read(Buffer.from(pictureOfInk(ink)));
    const grey = Uint8ClampedArray.from({ length: width * height }, (_, at) => data[at * 4] ?? 255);
    const image = new BinaryBitmap(new HybridBinarizer(new RGBLuminanceSource(grey, width, height)));
    if (reader !== 'RSSExpandedReader') return new library[reader]().decode(image).getText();
    // Not among its readers by name.
    const { MultiFormatOneDReader, DecodeHintType, BarcodeFormat } = library;
    const hints = new Map<unknown, unknown>([[DecodeHintType.POSSIBLE_FORMATS, [BarcodeFormat.RSS_EXPANDED]]]);
    hints.set(DecodeHintType.TRY_HARDER, true);
    return new MultiFormatOneDReader(hints).decode(image, hints).getText();
  };
}

type Reader = new () => { decode(image: unknown): { getText(): string } };

interface ZxingLibrary {
  readonly PDF417Reader: Reader;
  readonly DataMatrixReader: Reader;
  readonly QRCodeReader: Reader;
  readonly MultiFormatOneDReader: new (
    hints: unknown,
  ) => {
    decode(image: unknown, hints: unknown): { getText(): string };
  };
  readonly DecodeHintType: Readonly<Record<string, unknown>>;
  readonly BarcodeFormat: Readonly<Record<string, unknown>>;
  readonly RGBLuminanceSource: new (grey: Uint8ClampedArray, width: number, height: number) => unknown;
  readonly BinaryBitmap: new (binarizer: unknown) => unknown;
  readonly HybridBinarizer: new (source: unknown) => unknown;
}
