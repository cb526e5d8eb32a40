/** The shop's logo on every coupon: read from a file, put into the printer's memory when the printer is ready and idle, else printed as dots. */
import { readFileSync } from 'node:fs';
import { createImageKeeper, type ImageRecord } from '../../drivers/printer/escpos/image-keeper.ts';
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

/** @throws TillsideError `config-invalid` if the file can't be read, `print-content` if it is no PNG */
export function createLogo(options: LogoOptions): Logo {
  const { file, device, profile, printer, settings } = options;
  const room = {
    width: Math.floor(profile.dots * mostAcross),
    height: Math.floor((mostMm / 25.4) * profile.dpi),
  };
  const image = slipImage('logo', contentOf(file), room);
  const keeper = createImageKeeper({
    device,
    printer,
    profile,
    records: {
      read: () => JSON.parse(settings.get(setting) ?? '[]') as readonly ImageRecord[],
      write: records => settings.set(setting, JSON.stringify(records)),
    },
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

function contentOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new TillsideError('config-invalid', `the logo can't be read: ${messageOf(cause)}`, { cause });
  }
}
