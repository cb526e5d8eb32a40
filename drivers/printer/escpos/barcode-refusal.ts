/** Why a barcode's data is not printed: one code, `print-content`, with the reason in its context. */
import { TillsideError } from '../../../errors.ts';

export type BarcodeFault = 'check-digit' | 'characters' | 'form' | 'length' | 'too-wide';

export function refuseBarcode(fault: BarcodeFault, message: string): never {
  throw new TillsideError('print-content', message, { context: { fault } });
}
