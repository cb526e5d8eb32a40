/** The shop's logo on every coupon: read from a file, put into the printer's memory when the printer is ready and idle, else printed as dots. */
import { readFileSync } from 'node:fs';
import { createImageKeeper, type ImageRecord, type ImageRecords } from '../../drivers/printer/escpos/image-keeper.ts';
import type { PrinterProfile } from '../../drivers/printer/profiles.ts';
import type { Printer, PrinterStatus, SlipImage } from '../../drivers/printer/types.ts';
import { messageOf, TillsideError } from '../../errors.ts';
import { slipImage } from './layout-image.ts';

export type LogoOptions = {
  /** PNG file. */
  readonly file: string;
  readonly device: string;
  readonly profile: PrinterProfile;
  readonly printer: Printer;
  /** The till's own settings, which are on disk when `set` returns. */
  readonly settings: { get(name: string): string | null; set(name: string, value: string): void };
  /** True while coupons wait: the logo is not put in their way. */
  readonly busy: () => boolean;
  readonly onFault: (error: unknown) => void;
};

export interface Logo {
  /** As it is to be printed now. */
  current(): SlipImage;
  /** Ends the waiting for a printer that is ready. */
  stop(): void;
}

const setting = 'printer.images';
/** Of the paper's width. */
const mostAcross = 0.6;
const mostMm = 25;

/** @throws TillsideError `config-invalid` if the file can't be read or is no PNG */
export function createLogo(options: LogoOptions): Logo {
  const { file, device, profile, printer, settings } = options;
  const image = readLogo(file, profile);
  const keeper = createImageKeeper({
    device,
    printer,
    profile,
    records: imageRecords(settings),
  });
  let storing = false;
  const tryToStore = ({ evidence, problem, printing }: PrinterStatus) => {
    if (storing || evidence !== 'confirmed' || problem !== null || printing || options.busy()) return;
    if (keeper.place(image).storedAs !== undefined) return;
    storing = true;
    keeper
      .store(image)
      .catch(options.onFault)
      .finally(() => {
        storing = false;
      });
  };
  const forget = printer.onStatus(tryToStore);
  tryToStore(printer.status());
  return { current: () => keeper.place(image), stop: forget };
}

/** What is known of the memory of the till's printers. */
export function imageRecords(settings: LogoOptions['settings']): ImageRecords {
  return {
    read: () => JSON.parse(settings.get(setting) ?? '[]') as readonly ImageRecord[],
    write: records => settings.set(setting, JSON.stringify(records)),
  };
}

/**
 * The logo as it fits the paper.
 * @throws TillsideError `config-invalid` if the file can't be read or is no PNG
 */
export function readLogo(file: string, profile: PrinterProfile): SlipImage {
  const room = {
    width: Math.floor(profile.dots * mostAcross),
    height: Math.floor((mostMm / 25.4) * profile.dpi),
  };
  try {
    return slipImage('logo', readFileSync(file), room);
  } catch (cause) {
    const message = `can't be used: ${messageOf(cause)}`;
    throw new TillsideError('config-invalid', `printer.logo ${message} (${file})`, {
      cause,
      faults: [{ pointer: '/printer/logo', message }],
    });
  }
}
