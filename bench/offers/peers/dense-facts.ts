/** Facts of a sale in typed arrays, by numbers given to all names when the bundle was compiled: the closures' dearest form. */
import type { Bundle, CouponHistory, Sale, Selector } from '../../../agent/offers/index.ts';
import { dayOf, daysToBirthday, isWithin, localDay, localMinute } from './local-time.ts';

/** Numbers for the names of one kind. */
class Names {
  readonly #numbers = new Map<string, number>();

  /** Gives a new name the next number. */
  of(name: string): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(name, number);
    }
    return number;
  }

  /** -1 for a name that no offer uses. */
  find(name: string): number {
    return this.#numbers.get(name) ?? -1;
  }

  get size(): number {
    return this.#numbers.size;
  }
}

/** Gives numbers while closures are compiled; afterwards facts only look them up. */
export class Numbers {
  readonly #stores = new Names();
  readonly #consents = new Names();
  readonly #segments = new Names();
  readonly #attributes = new Names();
  readonly #values = new Names();
  readonly #classes = new Names();
  /** Product numbers, brands and nodes of the category tree share one range, that of the sums. */
  readonly #keys = new Names();
  readonly #tiers: ReadonlyMap<string, number>;
  readonly #offers: ReadonlyMap<string, number>;

  constructor({ loyalty, offers }: Bundle) {
    this.#tiers = new Map(loyalty?.tiers.map(({ id }, index) => [id, index]));
    this.#offers = new Map(offers.map(({ id }, index) => [id, index]));
  }

  store = (id: string) => this.#stores.of(id);
  consent = (id: string) => this.#consents.of(id);
  segment = (id: string) => this.#segments.of(id);
  attribute = (name: string) => this.#attributes.of(name);
  value = (name: string, value: string | number | boolean) => this.#values.of(`${name}=${typeof value}:${value}`);
  contactClass = (name: string) => this.#classes.of(name);
  gtin = (gtin: string) => this.#keys.of(`g${gtin}`);
  brand = (brand: string) => this.#keys.of(`b${brand}`);
  category = (node: string) => this.#keys.of(`c${node}`);
  tier = (id: string) => this.#tiers.get(id) ?? Number.POSITIVE_INFINITY;
  offer = (id: string) => this.#offers.get(id) ?? -1;

  /** The keys whose sums make up a selector's; null where a line may have several of them, or none of its own. */
  keysOf(selector: Selector): number[] | null {
    if ('gtin' in selector) return [...new Set(selector.gtin)].map(this.gtin);
    if ('brand' in selector) return [...new Set(selector.brand)].map(this.brand);
    if (!('category' in selector)) return null;
    const nodes = [...new Set(selector.category)];
    const nested = nodes.some(node => nodes.some(other => other.startsWith(`${node}/`)));
    return nested ? null : nodes.map(this.category);
  }

  /** 1 at each of the numbers. */
  mask(numbers: readonly number[]): Uint8Array {
    const mask = new Uint8Array(Math.max(0, ...numbers) + 1);
    for (const number of numbers) mask[number] = 1;
    return mask;
  }

  get sizes() {
    return {
      consents: this.#consents.size,
      segments: this.#segments.size,
      attributes: this.#attributes.size,
      values: this.#values.size,
      classes: this.#classes.size,
      keys: this.#keys.size,
    };
  }

  find = {
    store: (id: string) => this.#stores.find(id),
    consent: (id: string) => this.#consents.find(id),
    segment: (id: string) => this.#segments.find(id),
    attribute: (name: string) => this.#attributes.find(name),
    value: (name: string, value: string | number | boolean) => this.#values.find(`${name}=${typeof value}:${value}`),
    contactClass: (name: string) => this.#classes.find(name),
    gtin: (gtin: string) => this.#keys.find(`g${gtin}`),
    brand: (brand: string) => this.#keys.find(`b${brand}`),
    category: (node: string) => this.#keys.find(`c${node}`),
  };
}

/** Products of lines or of earlier sales; key numbers, -1 where no offer names it. */
export class Rows {
  count = 0;
  readonly gtin: Int32Array;
  readonly brand: Int32Array;
  readonly leaf: Int32Array;
  readonly aisle: Int32Array;
  readonly department: Int32Array;
  readonly at: Float64Array;
  readonly sale: Int32Array;

  constructor(most: number) {
    this.gtin = new Int32Array(most);
    this.brand = new Int32Array(most);
    this.leaf = new Int32Array(most);
    this.aisle = new Int32Array(most);
    this.department = new Int32Array(most);
    this.at = new Float64Array(most);
    this.sale = new Int32Array(most);
  }
}

const mostRows = 1000;

export class DenseFacts {
  now = 0;
  today = 0;
  minute = 0;
  store = -1;
  isMember = false;
  tier = -1;
  points = Number.NaN;
  memberDays = Number.NaN;
  birthday = Number.NaN;
  spend = 0;
  items = 0;
  readonly segments: Uint8Array;
  readonly consents: Uint8Array;
  readonly values: Uint8Array;
  /** Numbers; NaN where there is none. */
  readonly attributes: Float64Array;
  readonly spendOf: Float64Array;
  readonly itemsOf: Float64Array;
  readonly lines = new Rows(mostRows);
  readonly amounts = new Float64Array(mostRows);
  readonly pieces = new Float64Array(mostRows);
  readonly coupons = {
    count: 0,
    offer: new Int32Array(mostRows),
    issued: new Float64Array(mostRows),
    redeemed: new Float64Array(mostRows),
    expires: new Float64Array(mostRows),
  };
  /** Contact classes without room. */
  readonly full: Uint8Array;
  readonly leases: Float64Array;
  readonly #bundle: Bundle;
  readonly #numbers: Numbers;
  readonly #classOf: readonly (string | undefined)[];
  readonly #paths = new Map<string, readonly [leaf: number, aisle: number, department: number]>();
  /** Keys whose sums are to be undone. */
  readonly #touched: number[] = [];
  readonly #boughtRows = new Rows(mostRows);
  readonly #counted = new Int32Array(mostRows);
  #count = 0;
  #leased: Sale['counters'];
  #sale: Sale | null = null;
  #boughtRead = false;

  /** @param numbers after all closures were compiled */
  constructor(bundle: Bundle, numbers: Numbers) {
    const { sizes } = numbers;
    this.#bundle = bundle;
    this.#numbers = numbers;
    this.#classOf = bundle.offers.map(({ contact }) => contact?.class);
    this.segments = new Uint8Array(sizes.segments);
    this.consents = new Uint8Array(sizes.consents);
    this.values = new Uint8Array(sizes.values);
    this.attributes = new Float64Array(sizes.attributes);
    this.spendOf = new Float64Array(sizes.keys);
    this.itemsOf = new Float64Array(sizes.keys);
    this.full = new Uint8Array(sizes.classes);
    this.leases = new Float64Array(bundle.offers.length);
  }

  read(sale: Sale): void {
    const { find } = this.#numbers;
    this.#sale = sale;
    this.#boughtRead = false;
    this.now = Date.parse(sale.at);
    this.today = localDay(this.now);
    this.minute = localMinute(this.now);
    this.store = find.store(sale.storeId);
    this.#readMember(sale);
    this.#readCoupons(sale);
    for (const line of sale.lines) this.#readLine(line);
    // The counters are the till's, not the sale's: the same object in sale after sale.
    if (this.#leased === sale.counters) return;
    this.#leased = sale.counters;
    this.leases.fill(0);
    for (const [offer, { lease = 0 }] of Object.entries(sale.counters ?? {})) {
      const at = this.#numbers.offer(offer);
      if (at >= 0) this.leases[at] = lease;
    }
  }

  /** Makes the sums ready for the next sale. */
  forget(): void {
    for (const key of this.#touched) {
      this.spendOf[key] = 0;
      this.itemsOf[key] = 0;
    }
    this.#touched.length = 0;
    this.lines.count = 0;
    this.spend = 0;
    this.items = 0;
  }

  /** Read when the first offer asks: few do after all else has passed. */
  get bought(): Rows {
    if (!this.#boughtRead) this.#readBought();
    return this.#boughtRows;
  }

  /** Begins to count different sales. */
  nextCount(): void {
    this.#count++;
  }

  isNew(sale: number): boolean {
    if (this.#counted[sale] === this.#count) return false;
    this.#counted[sale] = this.#count;
    return true;
  }

  #readMember({ member }: Sale): void {
    const { find, tier } = this.#numbers;
    this.segments.fill(0);
    this.consents.fill(0);
    this.values.fill(0);
    this.attributes.fill(Number.NaN);
    this.isMember = member !== undefined;
    this.tier = member?.tier === undefined ? -1 : tier(member.tier);
    this.points = member === undefined ? Number.NaN : (member.points ?? 0);
    this.memberDays = member?.joined === undefined ? Number.NaN : this.today - dayOf(member.joined);
    this.birthday = member?.birthday === undefined ? Number.NaN : daysToBirthday(member.birthday, this.today);
    for (const segment of member?.segments ?? []) set(this.segments, find.segment(segment));
    for (const consent of member?.consents ?? []) set(this.consents, find.consent(consent));
    for (const name in member?.attributes) {
      const value = member?.attributes?.[name];
      if (typeof value === 'number') {
        const at = find.attribute(name);
        if (at >= 0) this.attributes[at] = value;
      }
      if (typeof value === 'object') for (const each of value) set(this.values, find.value(name, each));
      else if (value !== undefined) set(this.values, find.value(name, value));
    }
  }

  #readCoupons({ history, member }: Sale): void {
    const { coupons } = this;
    coupons.count = 0;
    this.full.fill(0);
    if (member === undefined) return;
    const own = history?.coupons ?? [];
    const household = history?.householdCoupons ?? [];
    for (const past of own) this.#readCoupon(past, coupons.count++);
    const ownCount = coupons.count;
    for (const past of household) this.#readCoupon(past, coupons.count++);
    for (const { class: name, per, limit, window } of this.#bundle.contactPolicies ?? []) {
      let used = 0;
      for (let at = 0; at < (per === 'member' ? ownCount : coupons.count); at++) {
        const past = own[at] ?? household[at - ownCount];
        const known = past?.class ?? this.#classOf[coupons.offer[at] ?? -1];
        if (known === name && isWithin(coupons.issued[at] ?? 0, this.now, window)) used++;
      }
      if (used >= limit) set(this.full, this.#numbers.find.contactClass(name));
    }
    coupons.count = ownCount;
  }

  #readCoupon({ offer, issuedAt, redeemedAt, expiresAt }: CouponHistory, at: number): void {
    const { coupons } = this;
    coupons.offer[at] = this.#numbers.offer(offer);
    coupons.issued[at] = Date.parse(issuedAt);
    coupons.redeemed[at] = typeof redeemedAt === 'string' ? Date.parse(redeemedAt) : Number.NaN;
    coupons.expires[at] = typeof expiresAt === 'string' ? Date.parse(expiresAt) : Number.NaN;
  }

  #readLine({
    discountable,
    quantity,
    unit = 'ea',
    amount,
    gtin = '',
    brand = '',
    category = '',
  }: Sale['lines'][number]) {
    const { lines } = this;
    const number = Number(quantity);
    if (discountable === false || number < 0 || amount < 0) return;
    const pieces = unit === 'ea' && Number.isInteger(number) ? number : 1;
    const row = lines.count++;
    this.amounts[row] = amount;
    this.pieces[row] = pieces;
    this.spend += amount;
    this.items += pieces;
    this.#readProduct(lines, row, gtin, brand, category);
    this.#add(lines.gtin[row] ?? -1, amount, pieces);
    this.#add(lines.brand[row] ?? -1, amount, pieces);
    this.#add(lines.leaf[row] ?? -1, amount, pieces);
    this.#add(lines.aisle[row] ?? -1, amount, pieces);
    this.#add(lines.department[row] ?? -1, amount, pieces);
  }

  #add(key: number, amount: number, pieces: number): void {
    if (key < 0) return;
    this.#touched.push(key);
    this.spendOf[key] = (this.spendOf[key] ?? 0) + amount;
    this.itemsOf[key] = (this.itemsOf[key] ?? 0) + pieces;
  }

  #readProduct(rows: Rows, row: number, gtin: string, brand: string, category: string): void {
    const { find } = this.#numbers;
    rows.gtin[row] = find.gtin(gtin);
    rows.brand[row] = find.brand(brand);
    let path = this.#paths.get(category);
    if (path === undefined) {
      const [department = '', aisle = '', leaf = ''] = category.split('/');
      path = [
        find.category(`${department}/${aisle}/${leaf}`),
        find.category(`${department}/${aisle}`),
        find.category(department),
      ];
      this.#paths.set(category, path);
    }
    rows.leaf[row] = path[0];
    rows.aisle[row] = path[1];
    rows.department[row] = path[2];
  }

  #readBought(): void {
    const rows = this.#boughtRows;
    const sales = new Map<string | number, number>();
    rows.count = 0;
    this.#boughtRead = true;
    if (!this.isMember) return;
    let [text, at] = ['', 0];
    for (const product of this.#sale?.history?.bought ?? []) {
      if (product.saleId === this.#sale?.saleId) continue;
      const row = rows.count++;
      // Products of one sale stand together.
      if (product.at !== text) [text, at] = [product.at, Date.parse(product.at)];
      const key = product.saleId ?? at;
      let sale = sales.get(key);
      if (sale === undefined) {
        sale = sales.size;
        sales.set(key, sale);
      }
      rows.at[row] = at;
      rows.sale[row] = sale;
      this.#readProduct(rows, row, product.gtin ?? '', product.brand ?? '', product.category ?? '');
    }
  }
}

/** Sets a flag, unless no offer asks for it. */
function set(flags: Uint8Array, at: number): void {
  if (at >= 0) flags[at] = 1;
}
