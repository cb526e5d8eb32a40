/** A journalled coupon as it goes onto one printer's paper, and what of it stands there otherwise than its offer asks. */
import type { PrinterProfile } from '../../drivers/printer/profiles.ts';
import { formatSerial, type SlipContent } from '../coupons/index.ts';
import type { CouponPrint } from './layout.ts';
import { codeNote, couponCode } from './layout-code.ts';
import { couponPicture } from './layout-picture.ts';

export function onPaper(content: SlipContent, reprint: boolean, profile: PrinterProfile): CouponPrint {
  const { image, serial, language, ...texts } = content;
  const picture = image === undefined ? null : couponPicture(image, profile);
  return {
    ...texts,
    ...couponCode(content, profile),
    ...(picture?.kind === 'printed' ? { picture: picture.image } : {}),
    serial: formatSerial(serial),
    languages: [language],
    reprint,
  };
}

/** For the journal and HQ: nothing is left out or exchanged in silence. */
export function paperNotes(content: SlipContent, profile: PrinterProfile): readonly string[] {
  const code = codeNote(content, profile);
  const picture = content.image === undefined ? null : couponPicture(content.image, profile);
  return [
    ...(code === null ? [] : [code]),
    ...(picture?.kind === 'left-out' ? [`printed without its picture: ${picture.why}`] : []),
  ];
}
