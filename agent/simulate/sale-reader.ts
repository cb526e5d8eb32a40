/**
 * Reads a sale from the bytes of its line as `parseSale` does, parsing and checking in one pass, where nothing is odd about it.
 * Whatever this quick look does not know well goes to the full validator, which then accepts it or names its faults.
 */
import { mostPieces } from '../offers/quantity.ts';
import { parseDate, parseInstant } from '../offers/time.ts';
import type {
  AttributeValue,
  BoughtProduct,
  Counters,
  CouponHistory,
  History,
  Member,
  PresentedCoupon,
  Sale,
  SaleLine,
} from '../offers/types.ts';
import { parseSale, type SaleResult } from '../offers/validate/sale.ts';
import { JsonBytes, odd } from './json-bytes.ts';
import { Texts } from './texts.ts';

/** @param bytes valid UTF-8 from `start` to `end`, without line ends */
export type ReadSale = (bytes: Buffer, start: number, end: number) => SaleResult;

/** @param keeping parts of the sales will be kept, and must not keep their whole lines alive */
export function createSaleReader(keeping: boolean): ReadSale {
  const texts = new Texts(fieldNames);
  const json = new JsonBytes(texts);
  let sales = 0;
  let pieces = 0;
  let amounts = 0;

  const text = () => texts.string(json.text());
  /** Too many different ones to share. */
  const string = () => json.string(false);
  const gtin = () => json.string(keeping);
  const flag = () => json.boolean();
  const someText = () => {
    const found = text();
    if (found === '') throw odd;
    return found;
  };
  const idText = () => {
    const found = json.text();
    if (!texts.isId(found)) throw odd;
    return found;
  };
  const id = () => texts.string(idText());
  /** Of a sale, member or household: there are too many to share, and whoever carries members along keeps them. */
  const ownId = () => {
    const found = json.string(true);
    if (!isId.test(found)) throw odd;
    return found;
  };
  const lineId = () => {
    const found = idText();
    if (texts.mark(found, sales)) throw odd;
    return texts.string(found);
  };
  const quantity = () => {
    const found = json.text();
    const own = texts.pieces(found);
    pieces += own;
    if (own < 0 || pieces > mostPieces) throw odd;
    return texts.string(found);
  };
  const amount = () => {
    const found = json.integer();
    amounts += Math.abs(found);
    if (amounts > Number.MAX_SAFE_INTEGER) throw odd;
    return found;
  };
  const integer = () => json.integer();
  const count = () => {
    const found = json.integer();
    if (found < 0) throw odd;
    return found;
  };
  const instant = (keeping: boolean) => () => {
    const found = json.string(keeping);
    if (parseInstant(found) === null) throw odd;
    return found;
  };
  const at = instant(false);
  const date = () => {
    const found = json.string(false);
    if (parseDate(found) === null) throw odd;
    return found;
  };

  const list =
    <T>(item: () => T) =>
    (): T[] => {
      const found: T[] = [];
      if (json.list())
        do {
          found.push(item());
        } while (json.nextItem());
      return found;
    };
  const texted = list(text);

  /** An object of these fields, the required ones first; others are passed over. Null is as good as nothing. */
  const object = <T>(
    required: Readonly<Record<string, () => unknown>>,
    optional: Readonly<Record<string, () => unknown>>,
    make: (values: readonly unknown[]) => unknown,
  ): (() => T) => {
    const fields = [...Object.entries(required), ...Object.entries(optional)];
    const needed = (1 << Object.keys(required).length) - 1;
    const places = new Int8Array(fieldNames.length).fill(-1);
    for (const [place, [name]] of fields.entries()) places[fieldNames.indexOf(name)] = place;
    const readers = fields.map(([, reader]) => reader);
    const values: unknown[] = readers.map(() => undefined);
    // Whoever wrote the file writes the fields of an object in the same order each time.
    const usual: Buffer[] = [];
    const usualPlaces: number[] = [];
    return () => {
      for (let place = 0; place < values.length; place++) values[place] = undefined;
      let [named, found, count] = [0, 0, 0];
      if (json.object())
        do {
          let place: number;
          const expected = usual[count];
          if (expected !== undefined && json.passes(expected)) place = usualPlaces[count] as number;
          else {
            const key = json.key();
            place = places[key] ?? -1;
            if (count < fieldNames.length) {
              usual[count] = Buffer.from(`"${texts.string(key)}":`);
              usualPlaces[count] = place;
            }
          }
          count++;
          if (place < 0) {
            json.skip();
            continue;
          }
          const bit = 1 << place;
          // Of two the last one counts; who writes so is rare.
          if ((named & bit) !== 0) throw odd;
          named |= bit;
          if (json.null()) continue;
          values[place] = (readers[place] as () => unknown)();
          found |= bit;
        } while (json.nextField());
      if ((found & needed) !== needed) throw odd;
      return make(values) as T;
    };
  };
  /** An object by names that nobody knows beforehand. */
  const byName =
    <T>(entry: () => T) =>
    (): Record<string, T> => {
      const found: Record<string, T> = {};
      if (json.object())
        do {
          const name = texts.string(json.key());
          if (name === '__proto__') throw odd;
          found[name] = entry();
        } while (json.nextField());
      return found;
    };

  const single = (): string | number | boolean => {
    const { ahead } = json;
    return ahead === quote ? text() : ahead === letterT || ahead === letterF ? json.boolean() : json.number();
  };
  const singles = list(single);
  const attribute = (): AttributeValue => (json.ahead === openList ? singles() : single());

  const line = object<SaleLine>(
    { lineId, quantity, amount },
    { gtin, unit: someText, category: text, brand: text, discountable: flag },
    values => ({
      lineId: values[0],
      gtin: values[3],
      quantity: values[1],
      unit: values[4],
      amount: values[2],
      category: values[5],
      brand: values[6],
      discountable: values[7],
    }),
  );
  const member = object<Member>(
    { id: ownId },
    {
      household: ownId,
      segments: texted,
      tier: text,
      points: integer,
      joined: date,
      birthday: date,
      language: text,
      consents: texted,
      attributes: byName(attribute),
      activated: texted,
    },
    values => ({
      id: values[0],
      household: values[1],
      segments: values[2],
      tier: values[3],
      points: values[4],
      joined: values[5],
      birthday: values[6],
      language: values[7],
      consents: values[8],
      attributes: values[9],
      activated: values[10],
    }),
  );
  const purchase = object<BoughtProduct>(
    { at },
    { saleId: string, gtin: string, category: text, brand: text },
    values => ({ saleId: values[1], at: values[0], gtin: values[2], category: values[3], brand: values[4] }),
  );
  const pastCoupon = object<CouponHistory>(
    { offer: id, issuedAt: at },
    { serial: string, expiresAt: at, redeemedAt: at, class: text },
    values => ({
      offer: values[0],
      serial: values[2],
      issuedAt: values[1],
      expiresAt: values[3],
      redeemedAt: values[4],
      class: values[5],
    }),
  );
  const history = object<History>(
    {},
    { bought: list(purchase), coupons: list(pastCoupon), householdCoupons: list(pastCoupon) },
    values => ({ bought: values[0], coupons: values[1], householdCoupons: values[2] }),
  );
  const counter = object<Counters>({}, { member: count, household: count, store: count, lease: count }, values => ({
    member: values[0],
    household: values[1],
    store: values[2],
    lease: values[3],
  }));
  const presented = object<PresentedCoupon>(
    { offer: id, serial: someText },
    { variant: text, validFrom: date, validTo: date, household: text },
    values => ({
      offer: values[0],
      serial: values[1],
      variant: values[2],
      validFrom: values[3],
      validTo: values[4],
      household: values[5],
    }),
  );
  const sale = object<Sale>(
    { saleId: ownId, storeId: id, at: instant(true), lines: list(line) },
    { tillId: id, member, history, counters: byName(counter), coupons: list(presented) },
    values => ({
      saleId: values[0],
      storeId: values[1],
      tillId: values[4],
      at: values[2],
      lines: values[3],
      member: values[5],
      history: values[6],
      counters: values[7],
      coupons: values[8],
    }),
  );

  return (bytes, start, end) => {
    texts.tidy();
    sales++;
    pieces = 0;
    amounts = 0;
    try {
      json.begin(bytes, start, end);
      const found = sale();
      json.end();
      return { ok: true, sale: found };
    } catch (error) {
      if (error !== odd) throw error;
      return parseSale(bytes.subarray(start, end));
    }
  };
}

const fieldNames = [
  ...['saleId', 'storeId', 'tillId', 'at', 'lines', 'member', 'history', 'counters', 'coupons'],
  ...['lineId', 'gtin', 'quantity', 'unit', 'amount', 'category', 'brand', 'discountable'],
  ...['id', 'household', 'segments', 'tier', 'points', 'joined', 'birthday', 'language', 'consents', 'attributes'],
  ...['activated', 'bought', 'householdCoupons', 'offer', 'serial', 'issuedAt', 'expiresAt', 'redeemedAt', 'class'],
  ...['variant', 'validFrom', 'validTo', 'store', 'lease'],
];
const isId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const [quote, openList, letterT, letterF] = [34, 91, 116, 102];
