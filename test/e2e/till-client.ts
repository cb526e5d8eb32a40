/** A POS that talks to a till over its local API, for end-to-end tests. */
import assert from 'node:assert/strict';
import type {
  CompleteAnswer,
  CouponView,
  ProductView,
  SaleView,
  ScanAnswer,
  SimulatorView,
  StatusView,
} from '../../agent/api/wire.ts';

export type TillClient = ReturnType<typeof tillClient>;

export function tillClient(url: string, token: string) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'accept-language': 'en' };

  async function call<T>(method: string, path: string, body?: unknown, expected = 200): Promise<T> {
    const response = await fetch(url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.equal(response.status, expected, `${method} ${path}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  return {
    call,
    products: () => call<ProductView[]>('GET', '/v1/products'),
    put: (saleId: string, lines: readonly object[]) =>
      call<SaleView>('PUT', `/v1/sales/${saleId}`, { startedAt: new Date().toISOString(), lines }),
    scan: (saleId: string, code: string) => call<ScanAnswer>('POST', `/v1/sales/${saleId}/scan`, { code }),
    get: (saleId: string) => call<SaleView>('GET', `/v1/sales/${saleId}`),
    complete: (saleId: string, total: number) =>
      call<CompleteAnswer>('POST', `/v1/sales/${saleId}/complete`, { completedAt: new Date().toISOString(), total }),
    coupon: (serial: string) => call<CouponView>('GET', `/v1/coupons/${serial}`),
    status: () => call<StatusView>('GET', '/v1/status'),
    simulator: () => call<SimulatorView>('GET', '/v1/simulator'),
    playPrinter: (change: object) => call<SimulatorView>('POST', '/v1/simulator/printer', change),
    playScan: (code: string) => call<unknown>('POST', '/v1/simulator/scan', { code }),
  };
}

/** Basket lines of some articles, as a POS sends them. */
export function linesOf(products: readonly ProductView[], quantity = 1): object[] {
  return products.map((product, index) => ({
    lineId: String(index + 1),
    gtin: product.gtin,
    quantity: String(quantity),
    unit: product.unit,
    amount: product.price * quantity,
    category: product.category,
    ...(product.brand === undefined ? {} : { brand: product.brand }),
    discountable: product.discountable,
  }));
}

/** Asks again until `found` holds; the answer changes by events of the system under test, not by waiting. */
export async function until<T>(ask: () => Promise<T> | T, found: (value: T) => boolean, what: string): Promise<T> {
  const deadline = performance.now() + 120_000;
  for (;;) {
    const value = await ask();
    if (found(value)) return value;
    assert.ok(performance.now() < deadline, `still not: ${what}: ${JSON.stringify(value)}`);
    await new Promise(resolve => setTimeout(resolve, 2));
  }
}
