/** The code on a coupon: the kind that its offer asks for, with what that can hold, on this paper. */
import { placeSymbol } from '../../drivers/printer/escpos/symbols.ts';
import type { PrinterProfile } from '../../drivers/printer/profiles.ts';
import { isTillsideError } from '../../errors.ts';
import { eanOfSerial, numberOfSerial, type SlipContent } from '../coupons/index.ts';
import type { CouponPrint } from './layout.ts';

/** A linear code carries the serial alone, which the store's tills know; one too wide for the paper gives way to the QR code. */
export function couponCode(
  { barcode, serial, token }: Pick<SlipContent, 'barcode' | 'serial' | 'token'>,
  profile: PrinterProfile,
): Pick<CouponPrint, 'barcode' | 'token'> {
  if (barcode === 'qr') return { barcode, token };
  const data = held(barcode, serial);
  return fits(barcode, data, profile) ? { barcode, token: data } : { barcode: 'qr', token };
}

/** Why the code is not of the kind that the offer asks for; null: it is. For the journal and HQ. */
export function codeNote(
  content: Pick<SlipContent, 'barcode' | 'serial' | 'token'>,
  profile: PrinterProfile,
): string | null {
  if (couponCode(content, profile).barcode === content.barcode) return null;
  return `printed as QR code: the ${content.barcode} of its offer is too wide for ${profile.paper} mm paper`;
}

type LinearCode = Exclude<SlipContent['barcode'], 'qr'>;

function held(barcode: LinearCode, serial: string): string {
  switch (barcode) {
    case 'code128':
      return serial;
    case 'gs1-128':
      return `(91)${numberOfSerial(serial)}`;
    case 'ean13':
      return eanOfSerial(serial);
  }
}

function fits(type: LinearCode, data: string, profile: PrinterProfile): boolean {
  try {
    placeSymbol({ kind: 'barcode', type, data }, profile);
    return true;
  } catch (error) {
    if (isTillsideError(error, 'print-content')) return false;
    throw error;
  }
}
