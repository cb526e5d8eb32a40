/** What is promised of every coupon, checked against the paper: issue 4, the proof. */
import type { Store } from '../../../agent/store/index.ts';

/** What really happened, by the data of a coupon's code or by the serial, which stands in letters below the code. */
export interface Paper {
  /** Slips that were cut off with the whole code. */
  cut(token: string): number;
  /** Whole codes on paper that hangs out uncut. */
  hanging(token: string): number;
  /** The printer worked off the line below the code. */
  workedOff(serial: string): boolean;
  /** The link took all bytes of the job. */
  handedOver(serial: string): boolean;
  /** The printer lost its memory since the job of this serial began. */
  powerLost(serial: string): boolean;
}

/**
 * Every promise that is broken for one coupon and those that replaced it, once everything is cured and the queue is empty; in plain words.
 * @param serial as first issued
 */
export function brokenPromises(store: Store, serial: string, paper: Paper): readonly string[] {
  const broken: string[] = [];
  const chain = chainOf(store, serial);
  let redeemable = 0;
  let reprints = 0;
  for (const coupon of chain) {
    const job = store.printJournal.last(coupon.serial);
    if (job === null) {
      broken.push(`${coupon.serial} was never queued`);
      continue;
    }
    const token = (JSON.parse(job.content) as { readonly token: string }).token;
    const cut = paper.cut(token);
    const copies = cut + paper.hanging(token);
    reprints += coupon.reprints;
    if (coupon.state !== 'voided') redeemable += copies;
    // A doubtful job is never sent again, so that even a void serial is there once at most.
    if (copies > 1 + coupon.reprints) broken.push(`twice: ${coupon.serial} is on paper ${copies} times`);
    if (job.state === 'queued' || job.state === 'printing')
      broken.push(`stuck: ${coupon.serial} is still ${job.state}`);
    if (coupon.print === 'confirmed' && cut === 0)
      broken.push(`too strong: ${coupon.serial} is confirmed, not on paper`);
    if (coupon.print === 'failed' && copies > 0)
      broken.push(`too strong: ${coupon.serial} has failed, yet is on paper`);
    if (coupon.print === 'unknown' && coupon.state !== 'voided')
      broken.push(`in doubt: nobody knows of ${coupon.serial}, and it is ${coupon.state}`);
  }
  if (redeemable > 1 + reprints) broken.push(`two redeemable: ${redeemable} slips for the coupon ${serial}`);
  const last = chain.at(-1);
  if (last === undefined) return [`${serial} is not in the book`];
  const job = store.printJournal.last(last.serial);
  const surely = last.print === 'confirmed' || (last.print === 'fenced' && !paper.powerLost(last.serial));
  if (last.state !== 'voided' && surely && job !== null && redeemable === 0)
    broken.push(`lost: ${last.serial} is ${last.print}, no slip is on paper, and the till does not know`);
  return broken;
}

function chainOf(store: Store, serial: string) {
  const chain = [];
  for (let next: string | null = serial; next !== null; ) {
    const coupon = store.coupons.get(next);
    if (coupon === null) break;
    chain.push(coupon);
    next = coupon.replacedBy;
  }
  return chain;
}
