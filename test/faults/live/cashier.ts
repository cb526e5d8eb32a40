/** A POS at a till's real API, as a shop's POS behaves: what is not answered is asked again, the same, until it is. */
import type { CompleteAnswer, CouponView, SaleView } from '../../../agent/api/wire.ts';
import { createTokens, type Tokens } from '../../../agent/coupons/index.ts';
import { anna, beat, coffee, milk } from '../../sale/core-till.ts';
import { eventually, GivenUp, type LiveTill } from './live-store.ts';

export type Answered = {
  readonly till: string;
  readonly saleId: string;
  readonly net: number;
  readonly serials: readonly string[];
  readonly day: string;
};

/** What all cashiers of the store know together. */
export type Floor = {
  readonly answered: Answered[];
  readonly voided: { readonly till: string; readonly saleId: string }[];
  /** Slips that came out or will, with the code on each. */
  readonly slips: { readonly till: LiveTill; readonly serial: string; readonly code: string }[];
  readonly tokens: Tokens;
  closed: boolean;
  /** Called at each answered sale. */
  onAnswer: () => void;
};

/** Before the first sale. */
export const openFloor = (couponKey: Uint8Array): Floor => ({
  answered: [],
  voided: [],
  slips: [],
  tokens: createTokens([couponKey]),
  closed: false,
  onAnswer: () => {},
});

const buyers = [anna, beat, null];

/** Sells until the floor is closed; the sale that is open then is finished. */
export async function runCashier(till: LiveTill, floor: Floor, random: () => number): Promise<void> {
  for (let nth = 1; !floor.closed; nth++) await sellOnce(till, floor, random, `S-${till.id}-${nth}`);
}

/** One sale from the first article to the slip, and now and then its void. */
export async function sellOnce(till: LiveTill, floor: Floor, random: () => number, saleId: string): Promise<void> {
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    let answer: { value: T } | null = null;
    await eventually(async () => {
      const token = till.token();
      if (token === null) return false;
      const response = await fetch(`${till.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new GivenUp(`till ${till.id}: ${method} ${path}: ${response.status} ${text}`);
      answer = { value: JSON.parse(text) as T };
      return true;
    });
    return (answer as unknown as { value: T }).value;
  };
  const draw = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];

  const path = `/v1/sales/${saleId}`;
  const startedAt = new Date().toISOString();
  await ask('PUT', path, { startedAt, lines: [coffee] });
  const buyer = draw(buyers);
  if (buyer) await ask('POST', `${path}/scan`, { code: buyer.cards[0] });
  const slip = random() < 0.4 ? draw(floor.slips) : undefined;
  if (slip !== undefined && (await isOnPaper(slip))) await ask('POST', `${path}/scan`, { code: slip.code });
  const quote = await ask<SaleView>('PUT', path, { startedAt, lines: random() < 0.5 ? [coffee] : [coffee, milk] });
  const post = { completedAt: new Date().toISOString(), total: quote.total.net };
  const { serials, sale } = await ask<CompleteAnswer>('POST', `${path}/complete`, post);
  const day = localDay(post.completedAt);
  floor.answered.push({ till: till.id, saleId, net: sale.total.net, serials, day });
  for (const coupon of sale.coupons) {
    const binding = buyer ? floor.tokens.bindingOf(buyer.household ?? buyer.memberId) : null;
    const { serial, offer, validFrom, validTo } = coupon;
    const code = floor.tokens.write({ serial, offer, variant: null, validFrom, validTo, binding });
    floor.slips.push({ till, serial, code });
  }
  if (random() < 0.1) {
    await ask('POST', `${path}/void`, {});
    floor.voided.push({ till: till.id, saleId });
  }
  floor.onAnswer();
}

/** A customer can only hold out what came out for certain; the till that printed it knows, if it is up. */
async function isOnPaper({ till, serial }: Floor['slips'][number]): Promise<boolean> {
  try {
    const headers = { authorization: `Bearer ${till.token()}` };
    const { print } = (await (await fetch(`${till.url}/v1/coupons/${serial}`, { headers })).json()) as CouponView;
    return ['confirmed', 'fenced', 'sent'].includes(print);
  } catch {
    return false;
  }
}

const localDay = (at: string): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Zurich', dateStyle: 'short' }).format(Date.parse(at));
