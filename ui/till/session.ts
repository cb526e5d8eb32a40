/**
 * The till screen's dealings with the agent: calls, event stream, and a basket of its own where the screen is the POS.
 * What it knows is in state.ts; it survives a reload of the page (sessionStorage) and the agent's absence.
 */
import type {
  CompleteAnswer,
  CompletePost,
  CouponView,
  ProductView,
  SaleView,
  ScanAnswer,
  ServerEvents,
  StatusView,
} from '../../agent/api/wire.ts';
import { followEvents } from '../shared/event-stream.ts';
import { formatsFor, isLanguage, type Language } from '../shared/formats.ts';
import { type Api, createApi, NoAnswer, Refusal } from '../shared/http.ts';
import { addProduct, changeOf, needsWeight, parseAmount, parseQuantity, putOf, withQuantity } from './basket.ts';
import {
  firstState,
  isQuoted,
  type Notice,
  newSale,
  type OwnBasket,
  phaseOf,
  type TillState,
  totalsOf,
  withEvent,
  withNotice,
  withSale,
} from './state.ts';
import { type Texts, texts } from './texts.ts';

const keptKey = 'tillside.sale';
const languageKey = 'tillside.language';
/** A notice stays this long; a bad one longer. Nothing important goes in under 5 s. */
const noticeMs = { good: 6_000, info: 6_000, bad: 15_000 } as const;
/** The agent attaches a greeted member to a sale that begins within this time. */
const greetedMs = 120_000;

type Kept = {
  readonly saleId: string | null;
  readonly basket: OwnBasket | null;
  /** A payment whose answer has not come yet; it is sent again with the very same words. */
  readonly payment: { readonly saleId: string; readonly body: CompletePost } | null;
};

export type Tender = 'cash' | 'card';

export class TillSession {
  readonly api: Api;
  #state: TillState = firstState;
  #language: Language;
  readonly #listeners = new Set<() => void>();
  readonly #onUnauthorized: () => void;
  #stopStream: () => void = () => {};
  #putting: Promise<void> | null = null;
  #payment: Kept['payment'] = null;
  #noticeTimer: ReturnType<typeof setTimeout> | undefined;
  #greetedTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(token: string, onUnauthorized: () => void) {
    const chosen = localStorage.getItem(languageKey) ?? '';
    this.#language = isLanguage(chosen) ? chosen : 'de';
    this.#onUnauthorized = onUnauthorized;
    this.api = createApi(token, () => this.#language);
  }

  get state(): TillState {
    return this.#state;
  }

  get language(): Language {
    return this.#language;
  }

  get texts(): Texts {
    return texts[this.#language];
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    const kept = readKept();
    this.#payment = kept.payment;
    this.#set({ ...this.#state, basket: kept.basket, completing: kept.payment !== null });
    if (kept.saleId !== null) void this.#readSale(kept.saleId);
    this.#follow();
  }

  setLanguage(language: Language): void {
    if (language === this.#language) return;
    localStorage.setItem(languageKey, language);
    this.#useLanguage(language);
  }

  // --- the sale --------------------------------------------------------------------------------------------------------

  /** A code that was typed. */
  async enterCode(code: string): Promise<void> {
    const text = code.trim();
    if (text === '') return;
    await this.#try(async () => {
      const { screenSells } = await this.#known();
      const { sale } = this.#state;
      if (!screenSells && sale?.state !== 'open') return this.#say('info', this.texts.noSale);
      const saleId = screenSells ? await this.#openSale() : (sale?.saleId ?? '');
      const path = `/v1/sales/${encodeURIComponent(saleId)}/scan`;
      const answer = await this.api.send<ScanAnswer>('POST', path, { code: text });
      this.#takeScan(answer);
    });
  }

  /**
   * What a keyboard wedge read. Where this screen sells it goes into this screen's own sale, as typed codes do: the till may hold
   * another open one, of a window that was closed. Beside a POS the agent takes it as a scan of any other scanner.
   */
  async tellScan(code: string): Promise<void> {
    await this.#try(async () => {
      if ((await this.#known()).screenSells) await this.enterCode(code);
      else await this.api.send('POST', '/v1/scans', { code });
    });
  }

  /** Goods into the basket; asks for the weight first where it is needed. */
  sell(product: ProductView): void {
    if (this.#state.status?.screenSells !== true) return;
    if (needsWeight(product)) this.#set({ ...this.#begun(), weighing: product, step: 'sell' });
    else this.#add(product, 1000);
  }

  /** The weight as typed; says so where it is none. */
  enterWeight(text: string): boolean {
    const product = this.#state.weighing;
    if (product === null) return false;
    const thousandths = parseQuantity(text);
    if (thousandths === null) {
      this.#say('bad', this.texts.notAWeight);
      return false;
    }
    this.#add(product, thousandths);
    return true;
  }

  stopWeighing(): void {
    this.#set({ ...this.#state, weighing: null });
  }

  select(lineId: string): void {
    this.#set({ ...this.#state, selected: lineId });
  }

  /** @param step pieces more or less; weighed goods can only be taken away */
  changeQuantity(lineId: string, step: 1 | -1): void {
    const line = this.#state.basket?.lines.find(known => known.lineId === lineId);
    if (line === undefined || (line.unit !== 'ea' && step > 0)) return;
    this.#changeLine(lineId, line.unit === 'ea' ? (parseQuantity(line.quantity) ?? 0) + step * 1000 : 0);
  }

  removeLine(lineId: string): void {
    this.#changeLine(lineId, 0);
  }

  async takeCouponBack(serial: string): Promise<void> {
    const saleId = this.#state.sale?.saleId;
    if (saleId === undefined) return;
    await this.#try(async () => {
      const path = `/v1/sales/${encodeURIComponent(saleId)}/coupons/${encodeURIComponent(serial)}`;
      this.#set(withSale(this.#state, await this.api.send<SaleView>('DELETE', path)));
    });
  }

  /** The coupon once more on paper, with the same serial; the agent records it. */
  async reprint(serial: string): Promise<void> {
    await this.#try(async () => {
      const coupon = await this.api.send<CouponView>('POST', `/v1/coupons/${encodeURIComponent(serial)}/reprint`);
      this.#set(withEvent(this.#state, 'coupon', coupon));
      this.#say('good', this.texts.reprinting);
    });
  }

  toPay(): void {
    if (this.#state.basket === null || this.#state.basket.lines.length === 0) return;
    this.#set({ ...this.#state, step: 'pay', weighing: null, cash: null });
  }

  backToSelling(): void {
    this.#set({ ...this.#state, step: 'sell' });
  }

  /**
   * Takes the payment and ends the sale.
   * @param given cash as typed, empty: exactly what is due
   */
  async pay(tender: Tender, given = ''): Promise<void> {
    const { basket, completing, status } = this.#state;
    if (basket === null || basket.lines.length === 0 || completing || status === null) return;
    await this.#try(async () => {
      await this.#put();
      const { net } = totalsOf(this.#state);
      let cash: TillState['cash'] = null;
      if (tender === 'cash' && given.trim() !== '') {
        const amount = parseAmount(given, formatsFor(this.#language, status.currency).minor);
        const change = amount === null ? -1 : changeOf(amount, net, status.currency);
        if (amount === null || change < 0) return this.#say('bad', this.texts.tooLittle);
        cash = { given: amount, change };
      }
      const body = { completedAt: nowText(), total: net, tenders: [{ type: tender, amount: net }] };
      this.#payment = { saleId: basket.saleId, body };
      this.#set({ ...this.#state, completing: true, cash });
      await this.#sendPayment();
    });
  }

  /** Gives up the open sale: everything that it had reserved is free again. */
  async cancelSale(): Promise<void> {
    const { sale, basket } = this.#state;
    await this.#try(async () => {
      if (sale !== null && sale.state === 'open' && (basket === null || basket.saleId === sale.saleId))
        await this.api.send<SaleView>('POST', `/v1/sales/${encodeURIComponent(sale.saleId)}/void`);
      this.#set(newSale(this.#state));
      this.#say('info', this.texts.cancelled);
    });
  }

  /** Clears the screen after a completed sale. */
  nextSale(): void {
    if (phaseOf(this.#state) === 'done') this.#set({ ...newSale(this.#state), notice: null });
  }

  say(tone: Notice['tone'], text: string, detail: string | null = null): void {
    this.#say(tone, text, detail);
  }

  /** Runs a call and tells the cashier in plain words when it fails. */
  async attempt(run: () => Promise<void>): Promise<void> {
    await this.#try(run);
  }

  // --- inside ----------------------------------------------------------------------------------------------------------

  #set(state: TillState): void {
    this.#state = state;
    keep({ saleId: state.sale?.saleId ?? null, basket: state.basket, payment: this.#payment });
    for (const listener of this.#listeners) listener();
  }

  #say(tone: Notice['tone'], text: string, detail: string | null = null): void {
    const state = withNotice(this.#state, { tone, text, detail, at: Date.now() });
    if (state === this.#state) return;
    this.#set(state);
    clearTimeout(this.#noticeTimer);
    this.#noticeTimer = setTimeout(() => this.#set({ ...this.#state, notice: null }), noticeMs[tone]);
  }

  async #try(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (error instanceof NoAnswer) this.#set({ ...this.#state, link: 'lost' });
      else if (error instanceof Refusal && error.status === 401) this.#onUnauthorized();
      else if (error instanceof Refusal) this.#sayRefusal(error);
      else throw error;
    }
  }

  #sayRefusal(refusal: Refusal): void {
    const { code } = refusal;
    const text =
      code === 'total-mismatch'
        ? this.texts.priceMoved
        : code === 'sale-state' || code === 'conflict'
          ? this.texts.saleClosed
          : this.texts.failed;
    this.#say('bad', text, `${code} · ${refusal.message}`);
  }

  #follow(): void {
    this.#stopStream();
    this.#stopStream = followEvents(this.api, '/v1/events', {
      onOpen: () => {
        this.#set({ ...this.#state, link: 'up' });
        void this.#try(() => this.#catchUp());
      },
      onEvent: (name, data) => this.#takeEvent(name, data),
      onLost: () => this.#set({ ...this.#state, link: 'lost' }),
      onUnauthorized: this.#onUnauthorized,
    });
  }

  #takeEvent(name: string, data: unknown): void {
    if (name === 'scan' && this.#state.status === null)
      void this.#try(async () => {
        await this.#known();
        this.#takeScan(data as ServerEvents['scan']);
      });
    else if (name === 'scan') this.#takeScan(data as ServerEvents['scan']);
    else if (name === 'reset') void this.#try(() => this.#catchUp());
    else if (isToldName(name)) this.#set(withEvent(this.#state, name, data as ServerEvents[typeof name]));
  }

  /** After an absence: what happened meanwhile, and what could not be told. */
  async #catchUp(): Promise<void> {
    await this.#readStatus();
    const { basket, sale } = this.#state;
    if (this.#payment !== null) await this.#sendPayment();
    else if (basket !== null) await this.#put();
    else if (sale !== null) await this.#readSale(sale.saleId);
  }

  /** What the till is; asked for where it was not told yet: what is scanned in the first moments of a page must not get lost. */
  async #known(): Promise<StatusView> {
    return this.#state.status ?? (await this.#readStatus());
  }

  async #readStatus(): Promise<StatusView> {
    const status = await this.api.get<StatusView>('/v1/status');
    this.#set({ ...this.#state, status });
    const offered = status.languages.filter(isLanguage);
    const [first] = offered;
    const chosen = localStorage.getItem(languageKey) ?? '';
    if (first !== undefined && !(isLanguage(chosen) && offered.includes(chosen))) this.#useLanguage(first);
    return status;
  }

  #useLanguage(language: Language): void {
    if (language === this.#language) return;
    this.#language = language;
    this.#set({ ...this.#state, notice: null });
    // What the agent says is translated where it is made.
    this.#follow();
  }

  async #readSale(saleId: string): Promise<void> {
    try {
      const sale = await this.api.get<SaleView>(`/v1/sales/${encodeURIComponent(saleId)}`);
      this.#set(withSale(this.#state, sale));
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) return;
      if (!(error instanceof NoAnswer)) throw error;
    }
  }

  #takeScan(answer: ScanAnswer): void {
    if (answer.kind === 'product') {
      if (this.#state.status?.screenSells === true) this.sell(answer.product);
      return;
    }
    const isRefused =
      answer.kind === 'unknown' || answer.kind === 'refused' || (answer.kind === 'coupon' && !answer.coupon.applies);
    if (answer.kind === 'member' && answer.sale === null) this.#greet(answer.member);
    if ((answer.kind === 'member' || answer.kind === 'coupon') && answer.sale !== null)
      this.#set(withSale(this.#state, answer.sale));
    this.#say(isRefused ? 'bad' : 'good', answer.message, 'reason' in answer ? answer.reason : null);
  }

  #greet(member: NonNullable<TillState['greeted']>): void {
    // The sale before is over as soon as the next customer's card is read.
    const state = phaseOf(this.#state) === 'done' ? newSale(this.#state) : this.#state;
    this.#set({ ...state, greeted: member });
    clearTimeout(this.#greetedTimer);
    this.#greetedTimer = setTimeout(() => this.#set({ ...this.#state, greeted: null }), greetedMs);
  }

  /** The state with a basket that takes goods. */
  #begun(): TillState & { readonly basket: OwnBasket } {
    const { basket } = this.#state;
    if (basket !== null) return { ...this.#state, basket };
    const greeted = this.#state.sale === null ? this.#state.greeted : null;
    return { ...newSale(this.#state), greeted, basket: { saleId: newSaleId(), startedAt: nowText(), lines: [] } };
  }

  #add(product: ProductView, thousandths: number): void {
    if (this.#state.completing) return;
    const state = this.#begun();
    const { basket, lineId } = addProduct(state.basket, product, thousandths);
    this.#set({ ...state, basket, selected: lineId, weighing: null, step: 'sell' });
    void this.#try(() => this.#put());
  }

  #changeLine(lineId: string, thousandths: number): void {
    const { basket, completing } = this.#state;
    if (basket === null || completing) return;
    const changed = withQuantity(basket, lineId, thousandths);
    const isGone = !changed.lines.some(line => line.lineId === lineId);
    const last = changed.lines.at(-1)?.lineId ?? null;
    this.#set({ ...this.#state, basket: changed, selected: isGone ? last : lineId });
    void this.#try(() => this.#put());
  }

  /** The id of the sale that is open at the agent; opens one where none is. */
  async #openSale(): Promise<string> {
    const state = this.#begun();
    if (state.basket !== this.#state.basket) this.#set(state);
    if (this.#state.sale?.saleId !== state.basket.saleId) await this.#put();
    return state.basket.saleId;
  }

  /** Tells the agent the basket as it stands; while one telling is on its way, the next waits and takes the latest. */
  async #put(): Promise<void> {
    while (this.#putting !== null) await this.#putting.catch(() => {});
    const { basket, sale } = this.#state;
    if (basket === null || (sale !== null && isQuoted(basket, sale) && sale.state === 'open')) return;
    const path = `/v1/sales/${encodeURIComponent(basket.saleId)}`;
    this.#putting = this.api
      .send<SaleView>('PUT', path, putOf(basket))
      .then(answer => this.#set(withSale(this.#state, answer)))
      .finally(() => {
        this.#putting = null;
      });
    try {
      await this.#putting;
    } catch (error) {
      // Ended by somebody else: what became of it is shown.
      if (error instanceof Refusal && error.code === 'sale-state') await this.#readSale(basket.saleId);
      throw error;
    }
    const { basket: now } = this.#state;
    if (now !== null && now.saleId === basket.saleId && now !== basket) await this.#put();
  }

  async #sendPayment(): Promise<void> {
    const payment = this.#payment;
    if (payment === null) return;
    try {
      const path = `/v1/sales/${encodeURIComponent(payment.saleId)}/complete`;
      const answer = await this.api.send<CompleteAnswer>('POST', path, payment.body);
      this.#payment = null;
      this.#set(withSale(this.#state, answer.sale));
    } catch (error) {
      // Without an answer nobody knows whether it is booked: the same words are sent again when the agent is back.
      if (error instanceof NoAnswer) throw error;
      this.#payment = null;
      this.#set({ ...this.#state, completing: false });
      await this.#readSale(payment.saleId);
      throw error;
    }
  }
}

const toldNames = ['sale', 'coupon', 'printer', 'scanner', 'sync', 'bundle'] as const;

function isToldName(name: string): name is (typeof toldNames)[number] {
  return (toldNames as readonly string[]).includes(name);
}

function readKept(): Kept {
  try {
    return { saleId: null, basket: null, payment: null, ...JSON.parse(sessionStorage.getItem(keptKey) ?? '{}') };
  } catch {
    return { saleId: null, basket: null, payment: null };
  }
}

function keep(kept: Kept): void {
  sessionStorage.setItem(keptKey, JSON.stringify(kept));
}

/** Unique for this till for good: time and 40 random bits. */
function newSaleId(): string {
  const random = crypto.getRandomValues(new Uint8Array(5));
  return `s${Date.now().toString(36)}-${[...random].map(byte => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** Now as RFC 3339 with this place's offset. */
function nowText(): string {
  const now = new Date();
  const two = (value: number) => String(value).padStart(2, '0');
  const offset = -now.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  const date = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return `${date}T${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}${zone}`;
}
