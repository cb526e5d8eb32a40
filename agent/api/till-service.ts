/**
 * What the local API calls. Implemented by agent/agent.ts over agent/sale, agent/printing and the drivers; the API knows
 * HTTP, this knows the till. Every method throws TillsideError with a stable code.
 */
import type {
  CompleteAnswer,
  CompletePost,
  CouponView,
  ExplainAnswer,
  MemberView,
  ProductView,
  ReturnAnswer,
  ReturnPost,
  SalePut,
  SaleView,
  ScanAnswer,
  ScanPost,
  ServerEvents,
  SimulatorPrinterPost,
  SimulatorScanPost,
  SimulatorView,
  StatusView,
} from './wire.ts';

/** `de`, `fr`, `it` or `en`: the cashier's language for sentences. */
export type Language = 'de' | 'fr' | 'it' | 'en';

export interface TillService {
  putSale(saleId: string, put: SalePut, language: Language): SaleView;
  /** Takes a member or coupon into the sale; answers what it was. */
  scan(saleId: string, scan: ScanPost, language: Language): Promise<ScanAnswer>;
  removeCoupon(saleId: string, serial: string, language: Language): SaleView;
  getSale(saleId: string, language: Language): SaleView;
  complete(saleId: string, complete: CompletePost, language: Language): CompleteAnswer;
  voidSale(saleId: string, language: Language): SaleView;
  /** Refund, points and coupons of goods that come back; a repeat of `returnId` answers the same. */
  returnLines(returnId: string, goods: ReturnPost, language: Language): ReturnAnswer;
  explain(saleId: string, language: Language): ExplainAnswer;
  coupon(serial: string): CouponView;
  reprint(serial: string): CouponView;
  cancel(serial: string): CouponView;
  member(code: string, language: Language): MemberView;
  /** The catalogue that this till knows (demo, shops whose screen is the POS), names in `language`. */
  products(language: Language): readonly ProductView[];
  status(language: Language): StatusView;
  /** Prometheus text. */
  metrics(): Promise<string>;
  /** Called for every event; the value is rendered for a language when it is sent. */
  onEvent(
    listener: <Name extends keyof ServerEvents>(name: Name, render: (language: Language) => ServerEvents[Name]) => void,
  ): () => void;
  /**
   * Takes what a keyboard wedge scanner typed into the screen; goes the way of any scan at a device (event `scan`).
   * Null where no wedge scanner is configured.
   */
  readonly wedge: ((scan: ScanPost) => void) | null;
  /** Null where the devices are real. */
  readonly simulator: SimulatorService | null;
}

export interface SimulatorService {
  view(): SimulatorView;
  printer(change: SimulatorPrinterPost): SimulatorView;
  scan(scan: SimulatorScanPost): void;
  /** PNG of one slip. */
  slip(id: number): Uint8Array | null;
}
