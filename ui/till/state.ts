/** What the till screen knows, and how each happening changes it. Pure: no calls, no clock. */
import type {
  CouponView,
  Line,
  MemberView,
  ProductView,
  SaleView,
  ServerEvents,
  StatusView,
} from '../../agent/api/wire.ts';

/** A line of a basket that this screen builds itself; `price` is of one unit. */
export type BasketLine = Line & { readonly name: string; readonly unit: string; readonly price: number };

/** The basket of a sale that this screen owns (`status.screenSells`). */
export type OwnBasket = {
  readonly saleId: string;
  readonly startedAt: string;
  readonly lines: readonly BasketLine[];
};

/** One short sentence for the cashier. `detail` is for support only, shown on a long press. */
export type Notice = {
  readonly tone: 'good' | 'bad' | 'info';
  readonly text: string;
  readonly detail: string | null;
  /** Milliseconds of the wall clock; a bad one is not replaced by a lesser one before 5 s have passed. */
  readonly at: number;
};

export type TillState = {
  /** The connection to the till program (agent). */
  readonly link: 'connecting' | 'up' | 'lost';
  readonly status: StatusView | null;
  readonly basket: OwnBasket | null;
  /** The sale as the agent told it last. */
  readonly sale: SaleView | null;
  /** A card read while no sale was open; the agent attaches it to the next sale. */
  readonly greeted: MemberView | null;
  readonly step: 'sell' | 'pay';
  /** The payment is on its way to the agent. */
  readonly completing: boolean;
  /** What the customer gave and gets back, minor units; of the last sale. */
  readonly cash: { readonly given: number; readonly change: number } | null;
  readonly selected: string | null;
  /** Goods whose weight is asked for. */
  readonly weighing: ProductView | null;
  readonly notice: Notice | null;
  /** Coupons on their way out of the printer, or just out; oldest first. */
  readonly coupons: readonly CouponView[];
};

export const firstState: TillState = {
  link: 'connecting',
  status: null,
  basket: null,
  sale: null,
  greeted: null,
  step: 'sell',
  completing: false,
  cash: null,
  selected: null,
  weighing: null,
  notice: null,
  coupons: [],
};

export type Phase = 'idle' | 'sell' | 'pay' | 'done';

/** Where the cashier stands. */
export function phaseOf(state: TillState): Phase {
  if (state.sale?.state === 'completed' && state.basket === null) return 'done';
  if (linesOf(state).length > 0) return state.step === 'pay' ? 'pay' : 'sell';
  return 'idle';
}

/** A line as it is shown: the basket's, with what the agent said about it. */
export type ShownLine = {
  readonly lineId: string;
  readonly name: string;
  readonly quantity: string;
  readonly unit: string;
  readonly amount: number;
  readonly discount: number;
  readonly net: number;
};

export function linesOf(state: TillState): readonly ShownLine[] {
  const { basket, sale } = state;
  if (basket === null) return (sale?.lines ?? []).map(line => ({ ...line, name: line.name ?? line.gtin ?? '' }));
  const quoted = new Map(sale?.saleId === basket.saleId ? sale.lines.map(line => [line.lineId, line]) : []);
  return basket.lines.map(line => {
    const quote = quoted.get(line.lineId);
    // A discount of an older basket is not shown on a newer line.
    const discount = quote !== undefined && quote.amount === line.amount ? quote.discount : 0;
    return { ...line, discount, net: line.amount - discount };
  });
}

export type Totals = { readonly initial: number; readonly discount: number; readonly net: number };

/** The agent's totals, or the sum of what is shown where its answer is still on the way. */
export function totalsOf(state: TillState): Totals {
  const { basket, sale } = state;
  if (sale !== null && (basket === null || isQuoted(basket, sale))) return sale.total;
  const lines = linesOf(state);
  const initial = sum(lines.map(line => line.amount));
  const discount = sum(lines.map(line => line.discount));
  return { initial, discount, net: initial - discount };
}

/** Has the agent seen this very basket? */
export function isQuoted(basket: OwnBasket, sale: SaleView): boolean {
  return (
    sale.saleId === basket.saleId &&
    sale.lines.length === basket.lines.length &&
    basket.lines.every((line, i) => sale.lines[i]?.lineId === line.lineId && sale.lines[i].amount === line.amount)
  );
}

/** The member of this sale, or the one greeted before it. */
export function memberOf(state: TillState): MemberView | null {
  return state.sale === null
    ? state.greeted
    : (state.sale.member ?? (state.sale.state === 'open' ? state.greeted : null));
}

/** Is the paper still to come? */
export function isPending(coupon: CouponView): boolean {
  return (
    coupon.replacedBy === null &&
    coupon.state === 'issued' &&
    (coupon.print === 'queued' || coupon.print === 'printing' || coupon.print === 'unknown')
  );
}

const keptCoupons = 12;

/** The coupons with those of a sale; what the printer told meanwhile is newer than a sale's view made before it. */
function withCoupons(known: readonly CouponView[], told: readonly CouponView[]): readonly CouponView[] {
  const all = new Map(known.map(coupon => [coupon.serial, coupon]));
  for (const coupon of told) {
    const before = all.get(coupon.serial);
    if (before === undefined || printRank[coupon.print] >= printRank[before.print]) all.set(coupon.serial, coupon);
  }
  return [...all.values()].slice(-keptCoupons);
}

const printRank = { queued: 0, printing: 1, unknown: 2, sent: 2, fenced: 2, confirmed: 2, failed: 2 } as const;

/** What is left of the coupons when the next customer comes: those whose paper is still to come. */
function leftOver(coupons: readonly CouponView[]): readonly CouponView[] {
  return coupons.filter(isPending);
}

/** A sale as the agent tells it, by an answer or by the stream. */
export function withSale(state: TillState, sale: SaleView): TillState {
  // The screen's own sale wins over one that another program of this till tells about meanwhile.
  if (state.basket !== null && sale.saleId !== state.basket.saleId) return state;
  const isNews = state.sale?.saleId !== sale.saleId;
  if (isNews && sale.state === 'voided') return state;
  if (sale.state === 'voided') return newSale(state);
  // An open view of a sale that is already completed is an old one overtaken on its way.
  if (!isNews && state.sale?.state === 'completed' && sale.state === 'open') return state;
  const coupons = isNews ? leftOver(state.coupons) : state.coupons;
  return {
    ...state,
    sale,
    greeted: sale.member === null ? state.greeted : null,
    coupons: withCoupons(coupons, sale.coupons),
    ...(sale.state === 'completed'
      ? { basket: null, step: 'sell' as const, completing: false, selected: null, weighing: null, greeted: null }
      : {}),
  };
}

/** Clean for the next customer. */
export function newSale(state: TillState): TillState {
  return {
    ...state,
    basket: null,
    sale: null,
    greeted: null,
    step: 'sell',
    completing: false,
    cash: null,
    selected: null,
    weighing: null,
    coupons: leftOver(state.coupons),
  };
}

export function withNotice(state: TillState, notice: Notice): TillState {
  const now = state.notice;
  const isLesser = now !== null && now.tone === 'bad' && notice.tone !== 'bad' && notice.at - now.at < 5_000;
  return isLesser ? state : { ...state, notice };
}

/** Everything on the stream but `scan`, which asks for acting. */
export function withEvent<Name extends Exclude<keyof ServerEvents, 'scan'>>(
  state: TillState,
  name: Name,
  data: ServerEvents[Name],
): TillState {
  const event = { name, data } as {
    [N in Exclude<keyof ServerEvents, 'scan'>]: { name: N; data: ServerEvents[N] };
  }[Exclude<keyof ServerEvents, 'scan'>];
  if (event.name === 'sale') return withSale(state, event.data);
  if (event.name === 'coupon') return withCoupon(state, event.data);
  const { status } = state;
  if (status === null) return state;
  switch (event.name) {
    case 'printer':
      return { ...state, status: { ...status, printer: event.data } };
    case 'scanner': {
      const scanner = event.data;
      const others = status.scanners.filter(known => known.device !== scanner.device);
      return { ...state, status: { ...status, scanners: [...others, scanner] } };
    }
    case 'sync':
      return { ...state, status: { ...status, ...event.data } };
    case 'bundle':
      return { ...state, status: { ...status, bundle: event.data.bundle, bundleRefused: event.data.refused } };
  }
}

function withCoupon(state: TillState, coupon: CouponView): TillState {
  const isKnown = state.coupons.some(known => known.serial === coupon.serial);
  const isOfThisSale = state.sale?.saleId === coupon.saleId;
  if (!isKnown && !isOfThisSale && !isPending(coupon)) return state;
  const others = state.coupons.filter(known => known.serial !== coupon.serial);
  const at = state.coupons.findIndex(known => known.serial === coupon.serial);
  const coupons = at < 0 ? [...others, coupon] : others.toSpliced(at, 0, coupon);
  return { ...state, coupons: coupons.slice(-keptCoupons) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
