/** A till in memory, behind the API: enough to see what HTTP makes of it. Answers are as wire.ts says. */
import type { Language, SimulatorService, TillService } from '../../agent/api/till-service.ts';
import type {
  CouponView,
  MemberView,
  ReturnAnswer,
  ReturnPost,
  SalePut,
  SaleView,
  ScanAnswer,
  ScanPost,
  ServerEvents,
  SimulatorView,
  StatusView,
} from '../../agent/api/wire.ts';
import { TillsideError } from '../../errors.ts';

type Listener = Parameters<TillService['onEvent']>[0];

const greetings: Readonly<Record<Language, string>> = {
  de: 'Guten Tag, Anna',
  fr: 'Bonjour, Anna',
  it: 'Buongiorno, Anna',
  en: 'Hello, Anna',
};

const anna: MemberView = { firstName: 'Anna', tier: 'gold', points: 5120, language: 'de', messages: [] };

export class FakeTillService implements TillService {
  readonly sales = new Map<string, SaleView>();
  readonly wedgeScans: ScanPost[] = [];
  screenSells = true;
  databaseOk = true;
  wedge: TillService['wedge'] = scan => {
    this.wedgeScans.push(scan);
  };
  simulator: SimulatorService | null = new FakeSimulator();
  readonly #listeners = new Set<Listener>();

  putSale(saleId: string, put: SalePut): SaleView {
    const initial = put.lines.reduce((sum, line) => sum + line.amount, 0);
    const known = this.sales.get(saleId);
    if (known !== undefined && known.state !== 'open')
      throw new TillsideError('sale-state', 'The sale has ended; begin a new one.');
    const sale: SaleView = {
      saleId,
      state: 'open',
      startedAt: put.startedAt,
      currency: 'CHF',
      lines: put.lines.map(line => ({
        lineId: line.lineId,
        gtin: line.gtin ?? null,
        name: line.name ?? null,
        quantity: line.quantity,
        unit: line.unit ?? 'pc',
        amount: line.amount,
        discount: 0,
        net: line.amount,
      })),
      total: { initial, discount: 0, net: initial },
      applied: [],
      member: known?.member ?? null,
      points: null,
      presented: [],
      willPrint: [],
      coupons: [],
      bundle: { id: 'weekly', version: 47 },
    };
    this.sales.set(saleId, sale);
    this.emit('sale', () => sale);
    return sale;
  }

  async scan(saleId: string, scan: ScanPost, language: Language): Promise<ScanAnswer> {
    const sale = this.#sale(saleId);
    if (!scan.code.startsWith('2501')) return { kind: 'unknown', message: 'What is that?', reason: 'product-unknown' };
    const greeted: SaleView = { ...sale, member: anna };
    this.sales.set(saleId, greeted);
    return { kind: 'member', message: greetings[language], member: anna, sale: greeted };
  }

  removeCoupon(saleId: string): SaleView {
    return this.#sale(saleId);
  }

  getSale(saleId: string): SaleView {
    return this.#sale(saleId);
  }

  complete(saleId: string, { total }: { readonly total: number }) {
    const sale = this.#sale(saleId);
    if (total !== sale.total.net)
      throw new TillsideError('total-mismatch', `The POS says ${total}, the till ${sale.total.net}.`);
    const completed: SaleView = { ...sale, state: 'completed', coupons: [coupon('T1', saleId)] };
    this.sales.set(saleId, completed);
    return { decision: { saleId }, serials: ['T1'], sale: completed };
  }

  voidSale(saleId: string): SaleView {
    const voided: SaleView = { ...this.#sale(saleId), state: 'voided' };
    this.sales.set(saleId, voided);
    return voided;
  }

  returnLines(returnId: string, goods: ReturnPost): ReturnAnswer {
    this.#sale(goods.saleId);
    const lines = goods.lines.map(({ lineId, quantity }) => ({ lineId, quantity, refund: 100 }));
    return {
      returnId,
      saleId: goods.saleId,
      currency: 'CHF',
      lines,
      refund: lines.length * 100,
      points: 0,
      coupons: [],
      message: null,
    };
  }

  explain(saleId: string) {
    this.#sale(saleId);
    const rejected = {
      phase: 'issue',
      outcome: 'rejected',
      serial: null,
      reason: 'when',
      detail: 'needs 30.00',
    } as const;
    return {
      saleId,
      bundle: { id: 'weekly', version: 47 },
      offers: [{ offer: 'coffee-20', name: 'Coffee', ...rejected }],
    };
  }

  coupon(serial: string): CouponView {
    if (serial !== 'T1') throw new TillsideError('not-found', 'No coupon has this serial.');
    return coupon(serial, 's1');
  }

  reprint(serial: string): CouponView {
    return { ...this.coupon(serial), reprints: 1 };
  }

  cancel(serial: string): CouponView {
    return { ...this.coupon(serial), state: 'voided' };
  }

  member(code: string): MemberView {
    if (!code.startsWith('2501')) throw new TillsideError('not-found', 'No member has this card.');
    return anna;
  }

  products() {
    return [
      { gtin: '7610000000017', name: 'Kaffee', price: 890, unit: 'pc', category: 'food/drinks', discountable: true },
    ];
  }

  status(language: Language): StatusView {
    return {
      tenant: 'demo',
      store: '0042',
      till: '3',
      version: '0.1.0',
      currency: 'CHF',
      languages: [language],
      screenSells: this.screenSells,
      wedge: null,
      simulator: this.simulator !== null,
      printer: {
        device: 'virtual:',
        problem: null,
        message: null,
        paperNearEnd: false,
        evidence: 'confirmed',
        printing: false,
        queued: 0,
      },
      scanners: [{ device: 'hid:05e0:1900', connected: true, state: 'enabled', problem: null }],
      bundle: null,
      bundleRefused: null,
      outbox: { waiting: 0, oldestAt: null, salesWaiting: 0 },
      line: { connected: true, since: '2026-11-21T10:15:00+01:00', message: null, problem: null },
      disk: { freeBytes: 1e9 },
      database: { ok: this.databaseOk, problem: this.databaseOk ? null : 'page 7 is torn' },
    };
  }

  async metrics(): Promise<string> {
    return '# HELP tillside_sales_total Sales\n# TYPE tillside_sales_total counter\ntillside_sales_total 3\n';
  }

  onEvent(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  emit<Name extends keyof ServerEvents>(name: Name, render: (language: Language) => ServerEvents[Name]): void {
    for (const listener of this.#listeners) listener(name, render);
  }

  /** A product scanned at a device, as an event. */
  emitScan(message: string): void {
    this.emit('scan', language => ({ kind: 'unknown', message: `${language} ${message}`, reason: 'x', source: 'hid' }));
  }

  #sale(saleId: string): SaleView {
    const sale = this.sales.get(saleId);
    if (sale === undefined) throw new TillsideError('not-found', 'No sale has this id.');
    return sale;
  }
}

class FakeSimulator implements SimulatorService {
  #paper = true;

  view(): SimulatorView {
    return {
      printer: { paper: this.#paper, cover: 'closed', cable: true },
      slips: [{ id: 1, width: 576, height: 400, bytes: 620 }],
      cards: [{ code: '2501000000011', label: 'Anna' }],
    };
  }

  printer(change: { readonly paper?: boolean }): SimulatorView {
    this.#paper = change.paper ?? this.#paper;
    return this.view();
  }

  scan(): void {}

  slip(id: number): Uint8Array | null {
    return id === 1 ? Uint8Array.of(0x89, 0x50, 0x4e, 0x47) : null;
  }
}

function coupon(serial: string, saleId: string): CouponView {
  return {
    serial,
    offer: 'coffee-20',
    title: '20 % on coffee',
    state: 'issued',
    print: 'confirmed',
    validFrom: '2026-11-22',
    validTo: '2026-12-06',
    saleId,
    issuedAt: '2026-11-21T10:15:00+01:00',
    redeemedAt: null,
    replacedBy: null,
    reprints: 0,
  };
}
