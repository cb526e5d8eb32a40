/** Breaks a valid bundle or sale in one place, so that the place of the fault is known. */
import type { Bundle, Sale } from '../../../agent/offers/types.ts';

export interface Broken {
  readonly bundle: unknown;
  /** JSON Pointer at or below which there has to be a fault. */
  readonly pointer: string;
  readonly what: string;
}

type Json = null | string | number | boolean | Json[] | { [key: string]: Json };
type Place = { readonly holder: Json[] | { [key: string]: Json }; readonly key: string; readonly pointer: string };

/** Required wherever the object that holds them is one of its kind; the kind is told by a field that only it has. */
const required: readonly { readonly sign: string; readonly keys: readonly string[] }[] = [
  {
    sign: 'format',
    keys: ['format', 'id', 'version', 'createdAt', 'notAfter', 'currency', 'timezone', 'defaultLanguage', 'offers'],
  },
  { sign: 'phase', keys: ['id', 'version', 'phase', 'benefit'] },
  { sign: 'validDays', keys: ['validDays', 'barcode', 'offline', 'texts'] },
  { sign: 'scope', keys: ['scope', 'limit'] },
  { sign: 'outcome', keys: ['offer', 'outcome'] },
  { sign: 'salt', keys: ['salt'] },
  { sign: 'weight', keys: ['id', 'weight'] },
  { sign: 'permyriad', keys: ['permyriad'] },
  { sign: 'off', keys: ['off'] },
  { sign: 'unitPrice', keys: ['unitPrice', 'of'] },
  { sign: 'take', keys: ['take', 'pay', 'of'] },
  { sign: 'withinDays', keys: ['withinDays'] },
  { sign: 'per', keys: [] },
];

/** Values that no field of their name may have. */
const bad: Readonly<Record<string, readonly Json[]>> = {
  format: ['tillside/bundle/2'],
  id: ['', 'a b', '-a', 'x'.repeat(65)],
  version: [1.5, '1'],
  createdAt: ['2026-11-16', '2026-02-30T10:00:00Z', 'yesterday'],
  notAfter: ['2026-11-16T10:00:00'],
  timezone: ['Europe/Zuerich'],
  phase: ['lines'],
  trigger: ['always'],
  from: ['2026-02-30', '25:00', '7:00'],
  days: [0.5, ['monday']],
  scope: ['family'],
  limit: [-1, 1.5],
  counts: ['printed'],
  holdout: [-1, 10_001, 0.5],
  weight: [-1, 0.5],
  permyriad: [-1, 10_001, 0.5],
  maxItems: [0.5, -1],
  pick: ['first'],
  base: ['net'],
  off: [-5, 0.5],
  each: ['yes'],
  unitPrice: [-1, 1.5],
  take: [2.5],
  pay: [-1, 99],
  fixed: [0.5],
  multiply: [0.5],
  priority: [0, 1001, 1.5],
  class: [''],
  barcode: ['upc'],
  offline: ['maybe', { upTo: 1.5 }],
  validDays: [0, 1.5],
  validFromDays: [-1, 0.5],
  offer: ['nowhere', 'a b'],
  outcome: ['printed'],
  minDays: [0.5],
  atLeast: ['nothing'],
  is: ['nothing'],
  withinDays: [0.5, -1],
  within: [0.5, -1],
  calendar: ['year'],
  per: ['store', 0],
  couponsPerSale: [0.5, -1],
  perCategory: [0.5, -1],
};

/** One break of a bundle, chosen by two numbers. */
export function mutate(bundle: Bundle, where: number, what: number): Broken {
  const copy: Json = JSON.parse(JSON.stringify(bundle));
  const places = placesIn(copy, '');
  const place = places[where % places.length];
  if (place === undefined) throw new Error('an empty bundle');
  const value = valueAt(place);
  const breaks: (() => Omit<Broken, 'bundle'>)[] = [
    () => {
      put(place, null);
      return { pointer: place.pointer, what: 'null' };
    },
    () => {
      put(place, otherType(value));
      return { pointer: place.pointer, what: 'a value of another type' };
    },
  ];
  if (isObject(value) && !place.pointer.endsWith('/texts')) {
    breaks.push(() => {
      value.unknownField = 1;
      return { pointer: `${place.pointer}/unknownField`, what: 'an unknown field' };
    });
  }
  const badValues = bad[place.key] ?? [];
  badValues.forEach(badValue => {
    breaks.push(() => {
      put(place, badValue);
      return { pointer: place.pointer, what: JSON.stringify(badValue) };
    });
  });
  if (isObject(place.holder) && isRequired(place)) {
    const { holder, key } = place;
    breaks.push(() => {
      delete holder[key];
      return { pointer: place.pointer, what: 'a missing field' };
    });
  }
  const chosen = breaks[what % breaks.length];
  if (chosen === undefined) throw new Error('nothing to break');
  return { ...chosen(), bundle: copy };
}

/** One break of a sale with at least one line. What a sale may leave out or holds besides is not touched. */
export function mutateSale(sale: Sale, where: number, what: number): { sale: unknown; pointer: string; what: string } {
  const copy: Json = JSON.parse(JSON.stringify(sale));
  const broken = ['/saleId', '/storeId', '/at', '/lines', '/lines/0/lineId', '/lines/0/quantity', '/lines/0/amount'];
  const place = placesIn(copy, '').find(({ pointer }) => pointer === broken[where % broken.length]);
  if (place === undefined) throw new Error('a sale without lines');
  const { holder, key, pointer } = place;
  const badValues = badInSales[key] ?? [];
  const chosen = what % (badValues.length + 3);
  if (chosen === 0 && !Array.isArray(holder)) delete holder[key];
  else if (chosen <= 1) put(place, null);
  else if (chosen === 2) put(place, otherType(valueAt(place)));
  else put(place, badValues[chosen - 3] ?? null);
  return { sale: copy, pointer, what: JSON.stringify(valueAt(place)) };
}

const badInSales: Readonly<Record<string, readonly Json[]>> = {
  at: ['2026-11-21', '2026-11-31T10:00:00Z', '2026-11-21T10:00:00'],
  quantity: ['0', '0.000', '1.2345', '1e3', '', 'one', '1,5', ' 1', 2],
  amount: [0.5, '100', 1e300],
};

function isRequired({ holder, key }: Place): boolean {
  return required.some(({ sign, keys }) => Object.hasOwn(holder, sign) && keys.includes(key));
}

function placesIn(value: Json, pointer: string): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value;
  return Object.entries(holder).flatMap(([key, inner]) => {
    const place = { holder, key, pointer: `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}` };
    return [place, ...placesIn(inner, place.pointer)];
  });
}

function valueAt({ holder, key }: Place): Json {
  return (Array.isArray(holder) ? holder[Number(key)] : holder[key]) ?? null;
}

function put({ holder, key }: Place, value: Json): void {
  if (Array.isArray(holder)) holder[Number(key)] = value;
  else holder[key] = value;
}

function otherType(value: Json): Json {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return { value };
  if (typeof value === 'boolean') return [value];
  return Array.isArray(value) ? { value } : [value];
}

function isObject(value: Json | Json[]): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
