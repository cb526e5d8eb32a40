/** What the console knows of HQ: reads the lists, follows the stream, reads them again after a break. */
import type { TillsAnswer } from '../../sync/hq/tills-wire.ts';
import type { BundleRow, HqEvents, SaleRow, StatusView, TillView } from '../../sync/hq/wire.ts';
import { followEvents } from '../shared/event-stream.ts';
import type { Language } from '../shared/formats.ts';
import { type Api, createApi, NoAnswer, Refusal } from '../shared/http.ts';
import { chosenLanguage, keepLanguage, type Texts, texts } from './texts.ts';

export type HqState = {
  readonly link: 'connecting' | 'up' | 'lost';
  readonly status: StatusView | null;
  /** The first by store and till; with `moreTills` there are others, which pages ask for. */
  readonly tills: readonly TillView[];
  readonly moreTills: boolean;
  /** Newest arrival first. */
  readonly sales: readonly SaleRow[];
  /** The `before` of the page that follows; null: these are all. */
  readonly moreSales: number | null;
  readonly bundles: readonly BundleRow[];
};

const pageOfSales = 50;
/** A window that stays open for weeks keeps this many rows. */
const keptSales = 2_000;
/** So many tills are kept here and followed live; of a larger chain a page asks for those that it shows. */
const keptTills = 500;

export class HqSession {
  readonly api: Api;
  #state: HqState = {
    link: 'connecting',
    status: null,
    tills: [],
    moreTills: false,
    sales: [],
    moreSales: null,
    bundles: [],
  };
  #language: Language = chosenLanguage();
  readonly #listeners = new Set<() => void>();
  readonly #onUnauthorized: () => void;

  constructor(token: string, onUnauthorized: () => void) {
    this.#onUnauthorized = onUnauthorized;
    this.api = createApi(token, () => this.#language);
  }

  get state(): HqState {
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

  setLanguage(language: Language): void {
    this.#language = language;
    keepLanguage(language);
    this.#set({});
  }

  start(): void {
    followEvents(this.api, '/v1/stream', {
      onOpen: () => {
        this.#set({ link: 'up' });
        void this.readLists();
      },
      onEvent: (name, data) => this.#takeEvent(name, data),
      onLost: () => this.#set({ link: 'lost' }),
      onUnauthorized: this.#onUnauthorized,
    });
  }

  async readLists(): Promise<void> {
    try {
      const [status, { tills, next: nextTill }, { sales, next }, { bundles }] = await Promise.all([
        this.api.get<StatusView>('/v1/status'),
        this.api.get<TillsAnswer>(`/v1/tills?limit=${keptTills}`),
        this.api.get<{ sales: SaleRow[]; next: number | null }>(`/v1/sales?limit=${pageOfSales}`),
        this.api.get<{ bundles: BundleRow[] }>('/v1/bundles'),
      ]);
      this.#set({ status, tills, moreTills: nextTill !== null, sales, moreSales: next, bundles });
    } catch (error) {
      this.#fail(error);
    }
  }

  async readMoreSales(): Promise<void> {
    const { moreSales } = this.#state;
    if (moreSales === null) return;
    try {
      const path = `/v1/sales?limit=${pageOfSales}&before=${moreSales}`;
      const page = await this.api.get<{ sales: SaleRow[]; next: number | null }>(path);
      this.#set({ sales: [...this.#state.sales, ...page.sales].slice(0, keptSales), moreSales: page.next });
    } catch (error) {
      this.#fail(error);
    }
  }

  #set(change: Partial<HqState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }

  #fail(error: unknown): void {
    if (error instanceof Refusal && error.status === 401) this.#onUnauthorized();
    else if (error instanceof NoAnswer || error instanceof Refusal) this.#set({ link: 'lost' });
    else throw error;
  }

  #takeEvent(name: string, data: unknown): void {
    const { tills, moreTills, sales, bundles } = this.#state;
    if (name === 'status') this.#set({ status: data as HqEvents['status'] });
    else if (name === 'till') this.#set({ tills: put(tills, data as TillView, !moreTills) });
    else if (name === 'bundle')
      this.#set({ bundles: putFirst(bundles, data as BundleRow, bundle => `${bundle.id} ${bundle.version}`) });
    else if (name === 'sale') {
      const rows = putFirst(sales, data as SaleRow, sale => `${sale.store} ${sale.till} ${sale.saleId}`);
      this.#set({ sales: rows.slice(0, keptSales) });
    }
  }
}

/** In its place; new ones last, where all of them are kept. */
function put(tills: readonly TillView[], till: TillView, areAll: boolean): readonly TillView[] {
  const at = tills.findIndex(known => known.store === till.store && known.till === till.till);
  if (at >= 0) return tills.with(at, till);
  return areAll ? [...tills, till] : tills;
}

/** In its place; new ones first. */
function putFirst<T>(rows: readonly T[], row: T, key: (row: T) => string): readonly T[] {
  const at = rows.findIndex(known => key(known) === key(row));
  return at < 0 ? [row, ...rows] : rows.with(at, row);
}
