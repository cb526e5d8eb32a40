/** A checked sale with the contract's fields only, so that a decision cannot depend on anything else that was sent. */
import type { Sale } from '../types.ts';

type Fields = Readonly<Record<string, unknown>>;
type Copy = (value: unknown) => unknown;

/** @param sale has passed the checks; optional fields may still be null, which counts as absent */
export function copySale(sale: object): Sale {
  return copyOf(sale as Fields, saleFields) as unknown as Sale;
}

const plain: Copy = value => value;
const fields = (names: readonly string[], more: Readonly<Record<string, Copy>> = {}): readonly [string, Copy][] => [
  ...names.map((name): [string, Copy] => [name, plain]),
  ...Object.entries(more),
];
const one =
  (known: readonly (readonly [string, Copy])[]): Copy =>
  value =>
    copyOf(value as Fields, known);
const each =
  (copy: Copy): Copy =>
  value =>
    (value as unknown[]).map(copy);
/** `fromEntries` defines own fields even for a name like `__proto__`. */
const byName =
  (copy: Copy): Copy =>
  value =>
    Object.fromEntries(
      Object.entries(value as Fields)
        .filter(([, entry]) => entry !== null)
        .map(([name, entry]) => [name, copy(entry)]),
    );

const couponHistory = each(one(fields(['offer', 'serial', 'issuedAt', 'expiresAt', 'redeemedAt', 'class'])));

const saleFields = fields(['saleId', 'storeId', 'tillId', 'at'], {
  lines: each(one(fields(['lineId', 'gtin', 'quantity', 'unit', 'amount', 'category', 'brand', 'discountable']))),
  member: one(
    fields(
      ['id', 'household', 'segments', 'tier', 'points', 'joined', 'birthday', 'language', 'consents', 'activated'],
      { attributes: byName(plain) },
    ),
  ),
  history: one(
    fields([], {
      bought: each(one(fields(['saleId', 'at', 'gtin', 'category', 'brand']))),
      coupons: couponHistory,
      householdCoupons: couponHistory,
    }),
  ),
  counters: byName(one(fields(['member', 'household', 'store', 'lease']))),
  coupons: each(one(fields(['offer', 'serial', 'variant', 'validFrom', 'validTo', 'household']))),
});

/** The own fields of these names that are neither absent nor null. */
function copyOf(value: Fields, known: readonly (readonly [string, Copy])[]): Fields {
  const copy: Record<string, unknown> = {};
  for (const [name, copyField] of known) {
    const found = Object.hasOwn(value, name) ? (value[name] ?? undefined) : undefined;
    if (found !== undefined) copy[name] = copyField(found);
  }
  return copy;
}
