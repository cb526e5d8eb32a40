/** One of every barcode, and what a scanner says of it. */
import type { BarcodeType } from '../../../drivers/printer/types.ts';

export interface SymbolSample {
  readonly type: BarcodeType;
  readonly data: string;
  /** What is in the symbol, FNC1 between elements as GS. */
  readonly read: string;
  /** Name that zbarimg gives the symbology; absent where it knows none. */
  readonly zbar?: string;
}

const gs = '\u001d';
const coupon = '(255)7612345678900004711(17)261205';
const couponRead = `2557612345678900004711${gs}17261205`;

export const symbolSamples: readonly SymbolSample[] = [
  { type: 'ean13', data: '761234567890', read: '7612345678900', zbar: 'EAN-13' },
  { type: 'ean8', data: '7612345', read: '76123450', zbar: 'EAN-8' },
  { type: 'upca', data: '03600029145', read: '036000291452', zbar: 'UPC-A' },
  { type: 'itf', data: '12345678', read: '12345678', zbar: 'I2/5' },
  { type: 'itf14', data: '0761234567890', read: '07612345678900', zbar: 'I2/5' },
  { type: 'code128', data: 'Ab{12}345678', read: 'Ab{12}345678', zbar: 'CODE-128' },
  { type: 'gs1-128', data: coupon, read: couponRead, zbar: 'CODE-128' },
  { type: 'databar', data: '(01)07612345678900', read: '0107612345678900', zbar: 'DataBar' },
  { type: 'databar-stacked', data: '7612345678900'.padStart(14, '0'), read: '0107612345678900' },
  {
    type: 'databar-expanded',
    data: '(255)7612345678900(3900)5',
    read: `2557612345678900${gs}39005`,
    zbar: 'DataBar-Exp',
  },
  { type: 'databar-expanded-stacked', data: coupon, read: couponRead },
  { type: 'qr', data: 'TS1.7Q4K9M2X31.AbCdEfGhIjKlMnOp', read: 'TS1.7Q4K9M2X31.AbCdEfGhIjKlMnOp', zbar: 'QR-Code' },
  { type: 'gs1-qr', data: coupon, read: couponRead, zbar: 'QR-Code' },
  { type: 'pdf417', data: 'TS1.7Q4K9M2X31.AbCdEfGhIjKlMnOp', read: 'TS1.7Q4K9M2X31.AbCdEfGhIjKlMnOp' },
  { type: 'datamatrix', data: 'TS1.7Q4K9M2X31.AbCdEf', read: 'TS1.7Q4K9M2X31.AbCdEf' },
  { type: 'gs1-datamatrix', data: coupon, read: couponRead },
];
