/** The picture of a coupon, as its offer brings it in the bundle (`coupon.image`): a PNG inside the document, so that signature and roll-out hold for it too. */
import type { PrinterProfile } from '../../drivers/printer/profiles.ts';
import type { SlipImage } from '../../drivers/printer/types.ts';
import { messageOf } from '../../errors.ts';
import { longestPicture } from '../coupons/index.ts';
import { slipImage } from './layout-image.ts';

/** Of the paper's width; with the height 3.4 KB at most on the wire, which a line of 9600 baud takes 3.5 s for. */
const mostAcross = 0.5;
const mostMm = 15;
const start = 'data:image/png;base64,';

export type Picture =
  | { readonly kind: 'printed'; readonly image: SlipImage }
  /** Why the coupon is printed without. */
  | { readonly kind: 'left-out'; readonly why: string };

/** Scaling one takes some ten milliseconds, which no coupon of a running offer shall wait for twice. */
const mostKept = 32;
const kept = new Map<string, Picture>();

/** What becomes of a coupon's picture on this paper; never throws, for a coupon is worth more than its picture. */
export function couponPicture(picture: string, profile: PrinterProfile): Picture {
  const name = `${profile.name} ${picture.slice(0, longestPicture + 1)}`;
  const known = kept.get(name);
  if (known !== undefined) return known;
  const made = unpacked(picture, profile);
  const [oldest] = kept.keys();
  if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest);
  kept.set(name, made);
  return made;
}

function unpacked(picture: string, profile: PrinterProfile): Picture {
  if (picture.length > longestPicture) return leftOut(`it is longer than ${longestPicture} characters`);
  if (!picture.startsWith(start)) return leftOut(`it is not of the form "${start}…"`);
  const base64 = picture.slice(start.length);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return leftOut('it is not base64');
  const room = {
    width: Math.floor(profile.dots * mostAcross),
    height: Math.floor((mostMm / 25.4) * profile.dpi),
  };
  try {
    return { kind: 'printed', image: slipImage('picture', Buffer.from(base64, 'base64'), room) };
  } catch (cause) {
    return leftOut(messageOf(cause));
  }
}

function leftOut(why: string): Picture {
  return { kind: 'left-out', why };
}
