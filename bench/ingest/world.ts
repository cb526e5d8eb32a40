/** Tills that have sold: their events as the agent writes them, in batches as the uplink sends them. Seeded. */
import { createHash } from 'node:crypto';
import { encodeBatch, maxBatchEvents } from '../../sync/protocol/batch.ts';
import { chainStart, hashOfJson } from '../../sync/protocol/chain.ts';
import type { EventType, TillEvent } from '../../sync/protocol/types.ts';

export interface TillBatch {
  readonly store: string;
  readonly till: string;
  readonly payload: Uint8Array;
  readonly events: readonly TillEvent[];
}

export interface World {
  /** In the order in which HQ receives them: the tills take turns. */
  readonly batches: readonly TillBatch[];
  readonly events: number;
  readonly sales: number;
}

/** Lines of a basket: the contract's measure is a basket of eight. */
const basketLines = 8;
/** A coupon is issued in this share of sales, and a member's card shown in this one; every tenth redeems a coupon. */
const withCoupon = 0.6;
const withMember = 0.5;
const withRedemption = 0.1;

/**
 * @param first number of the first till; tills of two worlds with other numbers are other tills
 * @param perBatch events of a batch: up to 200 when a till sends what it has saved up, those of one sale while it sells
 */
export function worldOf(tills: number, salesPerTill: number, perBatch: number | 'sale', first = 0): World {
  const queues = Array.from({ length: tills }, (_, index) => tillOf(first + index, salesPerTill, perBatch));
  const batches: TillBatch[] = [];
  for (let turn = 0; queues.some(queue => turn < queue.length); turn++)
    for (const queue of queues) {
      const batch = queue[turn];
      if (batch !== undefined) batches.push(batch);
    }
  return {
    batches,
    events: batches.reduce((sum, { events }) => sum + events.length, 0),
    sales: tills * salesPerTill,
  };
}

function tillOf(number: number, sales: number, perBatch: number | 'sale'): readonly TillBatch[] {
  const { store, till, events, ends } = tillDay(number, sales);
  const cuts = perBatch === 'sale' ? ends : range(perBatch, events.length);
  return cuts.map((end, index) => {
    const part = events.slice(cuts[index - 1] ?? 0, end);
    const encoded = encodeBatch({ till, store, epoch: 1_795_000_000, boot: 3, events: part });
    if (!encoded.ok) throw new Error(encoded.reason);
    return { store, till, payload: encoded.value, events: part };
  });
}

export interface TillDay {
  readonly store: string;
  readonly till: string;
  readonly events: readonly TillEvent[];
  /** How many events there are after each sale. */
  readonly ends: readonly number[];
}

/** What a till has to tell after so many sales. */
export function tillDay(number: number, sales: number): TillDay {
  const random = chance(number + 1);
  const store = String(1000 + Math.floor(number / 8));
  const till = String((number % 8) + 1);
  const events: TillEvent[] = [];
  const ends: number[] = [];
  let prev = chainStart;
  let ms = Date.parse('2026-11-21T07:00:00Z') + Math.floor(random() * 60_000);
  const append = (type: EventType, body: Readonly<Record<string, unknown>>) => {
    ms += 1 + Math.floor(random() * 40);
    const bundle = { id: 'weekly', version: 47 };
    const event: TillEvent = {
      v: 1,
      type,
      id: idAt(ms, random),
      seq: events.length + 1,
      at: local(ms),
      bundle,
      body,
      prev,
    };
    events.push(event);
    prev = hashOfJson(JSON.stringify(event));
  };
  const open: string[] = [];
  for (let n = 0; n < sales; n++) {
    ms += 45_000 + Math.floor(random() * 90_000);
    sell(`${till}-${number}-${n + 1}`, local(ms), open, random, append);
    ends.push(events.length);
  }
  return { store, till, events, ends };
}

/** One sale with what follows from it. `open` are coupons that customers hold. */
function sell(
  saleId: string,
  at: string,
  open: string[],
  random: () => number,
  append: (type: EventType, body: Readonly<Record<string, unknown>>) => void,
) {
  const member = random() < withMember ? hex(random, 32) : null;
  const lines = Array.from({ length: basketLines }, (_, index) => {
    const amount = 95 + Math.floor(random() * 1900);
    return {
      lineId: String(index + 1),
      gtin: `761${String(Math.floor(random() * 1e10)).padStart(10, '0')}`,
      quantity: '1',
      amount,
      category: `food/${Math.floor(random() * 40)}/${Math.floor(random() * 30)}`,
      discount: 0,
      net: amount,
    };
  });
  const net = lines.reduce((sum, line) => sum + line.amount, 0);
  const redeemed = random() < withRedemption ? open.shift() : undefined;
  const issued = random() < withCoupon ? `47${String(Math.floor(random() * 1e14)).padStart(14, '0')}` : undefined;
  append('sale.completed', {
    saleId,
    startedAt: at,
    completedAt: at,
    cashier: String(100 + Math.floor(random() * 20)),
    member,
    household: null,
    lines,
    total: { initial: net, discount: 0, net },
    posTotal: net,
    applied: [],
    points: member === null ? null : { earned: Math.floor(net / 100), balance: 1200 + Math.floor(random() * 9000) },
    coupons: issued === undefined ? [] : [issued],
    tenders: [{ type: random() < 0.7 ? 'card' : 'cash', amount: net }],
  });
  const offer = `coffee-${Math.floor(random() * 60)}`;
  const dates = { validFrom: '2026-11-22', validTo: '2026-12-05', expiresAt: '2026-12-05T22:59:59.000Z' };
  if (redeemed !== undefined)
    append('coupon.redeemed', { serial: redeemed, offer, variant: null, saleId, at, amount: 180, member, ...dates });
  if (member !== null)
    append('points.changed', { member, saleId, delta: Math.floor(net / 100), balance: 4711, tier: 'silver', at });
  if (issued === undefined) return;
  const title = 'CHF 1.80 auf jede Packung Kaffee ab 500 g';
  const facts = { title, class: 'store', member, household: null, bearer: true, binding: null, replaces: null };
  append('coupon.issued', { serial: issued, offer, variant: null, saleId, issuedAt: at, ...dates, ...facts });
  append('coupon.printed', { serial: issued, evidence: 'confirmed', detail: null, reprint: false, attempts: 1 });
  open.push(issued);
}

const range = (step: number, end: number): readonly number[] => {
  if (step > maxBatchEvents) throw new RangeError(`a batch holds at most ${maxBatchEvents} events`);
  return Array.from({ length: Math.ceil(end / step) }, (_, index) => Math.min(end, (index + 1) * step));
};

/** As the till writes it: its own offset. */
const local = (ms: number): string => `${new Date(ms + 3_600_000).toISOString().slice(0, 19)}+01:00`;

/** UUIDv7. */
function idAt(ms: number, random: () => number): string {
  const time = ms.toString(16).padStart(12, '0');
  const tail = hex(random, 18);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${tail.slice(0, 3)}-a${tail.slice(3, 6)}-${tail.slice(6)}`;
}

const hex = (random: () => number, digits: number): string => {
  let text = '';
  while (text.length < digits)
    text += Math.floor(random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
  return text.slice(0, digits);
};

/** Uniform in [0, 1): 32 bits of a hash, counted on. */
function chance(seed: number): () => number {
  let state = createHash('sha256').update(`tillside ${seed}`).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
