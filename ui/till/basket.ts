/** Building a basket where the screen is the POS: lines, quantities, weights, cash. Integers only. */
import type { ProductView, SalePut } from '../../agent/api/wire.ts';
import type { BasketLine, OwnBasket } from './state.ts';

/** Are these goods sold by weight or length, so that a quantity has to be asked for? */
export function needsWeight(product: ProductView): boolean {
  return product.unit !== 'ea';
}

/**
 * `1,25` → 1250 thousandths; null where it is no quantity above 0 and at most 99,999.
 * Both decimal marks are taken: keyboards differ.
 */
export function parseQuantity(text: string): number | null {
  const match = /^(\d{0,5})(?:[.,](\d{0,3}))?$/.exec(text.trim());
  if (match === null) return null;
  const value = Number(match[1] || '0') * 1000 + Number((match[2] ?? '').padEnd(3, '0'));
  return value > 0 ? value : null;
}

/** `50` or `49,90` → minor units; null where it is no amount. */
export function parseAmount(text: string, minorPerUnit: number): number | null {
  const digits = Math.round(Math.log10(minorPerUnit));
  const match = /^(\d{1,6})(?:[.,](\d*))?$/.exec(text.trim());
  if (match === null || (match[2] ?? '').length > digits) return null;
  return Number(match[1]) * minorPerUnit + Number((match[2] ?? '').padEnd(digits, '0') || '0');
}

/** Thousandths as the API's decimal string: 254 → `0.254`, 2000 → `2`. */
export function quantityText(thousandths: number): string {
  const rest = String(thousandths % 1000)
    .padStart(3, '0')
    .replace(/0+$/, '');
  const whole = String(Math.floor(thousandths / 1000));
  return rest === '' ? whole : `${whole}.${rest}`;
}

/** Minor units, rounded half up as scales do. */
export function amountOf(price: number, thousandths: number): number {
  return Math.floor((price * thousandths + 500) / 1000);
}

/** What cash is counted in: Swiss francs have no coin below 5 Rappen. */
export function cashStep(currency: string): number {
  return currency === 'CHF' ? 5 : 1;
}

/** What is given back; negative where it is too little. */
export function changeOf(given: number, net: number, currency: string): number {
  const step = cashStep(currency);
  return given - Math.round(net / step) * step;
}

/** Pieces of one article share a line; weighed goods get a line each. Returns the touched line's id. */
export function addProduct(
  basket: OwnBasket,
  product: ProductView,
  thousandths: number,
): { readonly basket: OwnBasket; readonly lineId: string } {
  const same = needsWeight(product)
    ? undefined
    : basket.lines.find(line => line.gtin === product.gtin && line.price === product.price && line.unit === 'ea');
  if (same !== undefined) {
    const quantity = (parseQuantity(same.quantity) ?? 0) + thousandths;
    return { basket: withQuantity(basket, same.lineId, quantity), lineId: same.lineId };
  }
  const lineId = String(1 + Math.max(0, ...basket.lines.map(line => Number(line.lineId))));
  const line: BasketLine = {
    lineId,
    gtin: product.gtin,
    name: product.name,
    quantity: quantityText(thousandths),
    unit: product.unit,
    amount: amountOf(product.price, thousandths),
    category: product.category,
    ...(product.brand === undefined ? {} : { brand: product.brand }),
    discountable: product.discountable,
    price: product.price,
  };
  return { basket: { ...basket, lines: [...basket.lines, line] }, lineId };
}

/** A quantity of 0 or less takes the line away. */
export function withQuantity(basket: OwnBasket, lineId: string, thousandths: number): OwnBasket {
  const lines =
    thousandths <= 0
      ? basket.lines.filter(line => line.lineId !== lineId)
      : basket.lines.map(line =>
          line.lineId === lineId
            ? { ...line, quantity: quantityText(thousandths), amount: amountOf(line.price, thousandths) }
            : line,
        );
  return { ...basket, lines };
}

/** What the agent is told: `price` is the screen's own. */
export function putOf(basket: OwnBasket): SalePut {
  return { startedAt: basket.startedAt, lines: basket.lines.map(({ price: _, ...line }) => line) };
}
