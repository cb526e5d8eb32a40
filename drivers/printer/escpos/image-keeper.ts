/**
 * Logos in the printer's own memory: sent once, never with a coupon, and believed to be there only when the printer confirmed the job that put them
 * there, or a person saw them printed. Where neither is so they go out as raster.
 */
import { createHash } from 'node:crypto';
import type { PrinterProfile } from '../profiles.ts';
import type { Printer, SlipImage } from '../types.ts';

/** What is remembered of an image at a device, across restarts. */
export interface ImageRecord {
  readonly device: string;
  /** SHA-256 of size and dots, hex. */
  readonly checksum: string;
  readonly key: string;
  /** Times that it was sent; counted before the first byte. */
  readonly sent: number;
  /** Who says that it is there; null: nobody yet. */
  readonly seenBy: 'printer' | 'person' | null;
}

/** Where the records are kept; `write` returns when they are on disk. */
export interface ImageRecords {
  read(): readonly ImageRecord[];
  write(records: readonly ImageRecord[]): void;
}

export interface ImageKeeper {
  /** The image as it is to be printed now: from memory if it is known to be there, else as it is. */
  place(image: SlipImage): SlipImage;
  /**
   * Puts an image into the memory unless it is there, was sent twice in vain, or the printer can't confirm. To be called while no coupon waits.
   * @returns true if the printer is known to hold it
   */
  store(image: SlipImage): Promise<boolean>;
  /** Someone has put it there by other means (`FS q` by a technician's program) and has seen it printed. */
  seen(image: SlipImage, key: string): void;
  /** The printer behind the device is another one now. */
  forget(): void;
}

export interface ImageKeeperOptions {
  readonly device: string;
  readonly printer: Printer;
  readonly profile: PrinterProfile;
  readonly records: ImageRecords;
}

/** Each write wears the memory out; a printer that confirms neither of two never will. */
const mostTries = 2;

export function createImageKeeper({ device, printer, profile, records }: ImageKeeperOptions): ImageKeeper {
  const recordOf = (checksum: string) =>
    records.read().find(record => record.device === device && record.checksum === checksum);
  const remember = (record: ImageRecord) => {
    const others = records
      .read()
      .filter(({ device: of, checksum, key }) => of !== device || (checksum !== record.checksum && key !== record.key));
    records.write([...others, record]);
  };
  const freeKey = () => {
    const taken = new Set(records.read().flatMap(record => (record.device === device ? [record.key] : [])));
    return keys.find(key => !taken.has(key)) ?? null;
  };

  return {
    place(image) {
      const record = profile.imageMemory === 'none' ? undefined : recordOf(checksumOf(image));
      return record === undefined || record.seenBy === null ? image : { ...image, storedAs: record.key };
    },
    async store(image) {
      const checksum = checksumOf(image);
      const before = recordOf(checksum);
      if (before !== undefined && before.seenBy !== null) return true;
      if (profile.imageMemory !== 'keyed' || printer.status().evidence !== 'confirmed') return false;
      const sent = (before?.sent ?? 0) + 1;
      const key = before?.key ?? freeKey();
      if (sent > mostTries || key === null) return false;
      remember({ device, checksum, key, sent, seenBy: null });
      const { evidence } = await printer.print({
        id: `image ${checksum.slice(0, 8)}`,
        slip: [{ kind: 'store-image', key, image }],
      });
      // Nothing reached the printer: no write, no wear.
      if (evidence === 'failed') remember({ device, checksum, key, sent: sent - 1, seenBy: null });
      if (evidence !== 'confirmed') return false;
      remember({ device, checksum, key, sent, seenBy: 'printer' });
      return true;
    },
    seen(image, key) {
      remember({ device, checksum: checksumOf(image), key, sent: 0, seenBy: 'person' });
    },
    forget() {
      records.write(records.read().filter(record => record.device !== device));
    },
  };
}

/** Ours among those that other programs keep there. */
const keys = Array.from({ length: 16 }, (_, at) => `t${at.toString(16)}`);

function checksumOf({ width, height, bits }: SlipImage): string {
  return createHash('sha256').update(`${width}x${height}:`).update(bits).digest('hex');
}
