/**
 * The basket while offers are applied: running amounts of lines and of their units, and which units are used up.
 *
 * A line sold by piece is as many units of `amount / quantity`, the odd cents on the first; any other line is one unit.
 * Lines that are not discountable, or taken back (negative quantity or amount), are in the total and nowhere else.
 */
import type { Keys } from './keys.ts';
import { ProductSums } from './product-sums.ts';
import { parseQuantity, type Thousandths, wholePieces } from './quantity.ts';
import type { Selects } from './selector.ts';
import type { Minor, SaleLine } from './types.ts';

export interface BasketLine {
  line: SaleLine;
  position: number;
  quantity: Thousandths;
  /** How many units; a line that is not whole pieces is one. */
  units: number;
  /** Sold by piece: a unit is a piece. Otherwise the unit is priced by quantity. */
  byPiece: boolean;
  /** Index of its first unit. */
  first: number;
  /** What is left to pay of the whole line. */
  running: Minor;
}

/** A unit that a `line` application used: by a stackable one, which lets other stackable ones use it too, or for good. */
const free = 0;
const byStackable = 1;
const used = 2;

/** Entries kept for the next basket; one of a hostile size is let go. */
const mostKept = 2000;

export class Basket {
  /** The lines that offers see, in order of position: the first `#count`; the others are kept for the next basket. */
  readonly #lines: BasketLine[] = [];
  #count = 0;
  #initial: Minor = 0;
  #net: Minor = 0;
  #unitCount = 0;
  #units: Units | null = null;
  #sums: ProductSums | null = null;
  #summed = false;
  #reduced = false;

  constructor(lines: readonly SaleLine[] = []) {
    this.read(lines);
  }

  /** Takes another sale's lines; nothing of the one before is left. */
  read(lines: readonly SaleLine[]): void {
    if (this.#lines.length > mostKept) this.#lines.length = 0;
    let count = 0;
    let initial = 0;
    let net = 0;
    let first = 0;
    for (let position = 0; position < lines.length; position++) {
      const line = lines[position] as SaleLine;
      initial += line.amount;
      const quantity = parseQuantity(line.quantity) ?? 0;
      if (line.discountable === false || quantity < 0 || line.amount < 0) continue;
      const pieces = wholePieces(quantity, line.unit);
      const units = pieces ?? 1;
      const entry = this.#lines[count];
      if (entry === undefined) {
        const running = line.amount;
        this.#lines[count] = { line, position, quantity, units, byPiece: pieces !== null, first, running };
      } else {
        entry.line = line;
        entry.position = position;
        entry.quantity = quantity;
        entry.units = units;
        entry.byPiece = pieces !== null;
        entry.first = first;
        entry.running = line.amount;
      }
      count++;
      first += units;
      net += line.amount;
    }
    this.#count = count;
    this.#initial = initial;
    this.#net = net;
    this.#unitCount = first;
    this.#units = null;
    this.#summed = false;
    this.#reduced = false;
  }

  /** All lines of the sale, the ones that offers do not see included. */
  get initial(): Minor {
    return this.#initial;
  }

  /** Running amounts of the lines that offers see. */
  get net(): Minor {
    return this.#net;
  }

  /** Pieces of the lines that offers see. */
  get pieces(): number {
    return this.#unitCount;
  }

  /** Whether a discount was taken off. */
  get reduced(): boolean {
    return this.#reduced;
  }

  /** Made when the first benefit needs them: most sales have no discount. */
  get units(): Units {
    this.#units ??= new Units(this.#lines.slice(0, this.#count), this.#unitCount);
    return this.#units;
  }

  /** Sums of the keys that a bundle asks for, as the lines now stand. */
  sums(keys: Keys): ProductSums {
    let sums = this.#sums;
    if (sums === null || sums.keys !== keys || sums.outgrown) {
      sums = new ProductSums(keys);
      this.#sums = sums;
      this.#summed = false;
    }
    if (!this.#summed) {
      sums.read(this.#lines, this.#count);
      this.#summed = true;
    }
    return sums;
  }

  /** A line that offers see. */
  line(index: number): BasketLine {
    return this.#lines[index] as BasketLine;
  }

  /** How many lines offers see. */
  get count(): number {
    return this.#count;
  }

  /** Sums of the lines as they now stand, made elsewhere. */
  useSums(sums: ProductSums): void {
    this.#sums = sums;
    this.#summed = true;
  }

  /** Takes `amount` off a unit and its line. */
  reduce(unit: number, amount: Minor): void {
    this.units.reduce(unit, amount);
    this.#net -= amount;
    this.#summed = false;
    this.#reduced = true;
  }

  /** Sum of the running amounts of the selected lines. */
  spend(selects: Selects): Minor {
    let sum = 0;
    for (let index = 0; index < this.#count; index++) {
      const entry = this.#lines[index];
      if (entry !== undefined && selects(entry.line)) sum += entry.running;
    }
    return sum;
  }

  /** Summed pieces of the selected lines; a line that is not whole pieces counts as 1. */
  items(selects: Selects): number {
    let sum = 0;
    for (let index = 0; index < this.#count; index++) {
      const entry = this.#lines[index];
      if (entry !== undefined && selects(entry.line)) sum += entry.units;
    }
    return sum;
  }
}

export class Units {
  readonly lineOf: Int32Array;
  readonly initial: Float64Array;
  readonly running: Float64Array;
  readonly #state: Uint8Array;
  readonly #lines: readonly BasketLine[];

  constructor(lines: readonly BasketLine[], count: number) {
    this.#lines = lines;
    this.lineOf = new Int32Array(count);
    this.initial = new Float64Array(count);
    this.#state = new Uint8Array(count);
    lines.forEach((entry, index) => {
      const whole = Math.floor(entry.line.amount / entry.units);
      const odd = entry.line.amount - whole * entry.units;
      for (let unit = 0; unit < entry.units; unit++) {
        this.lineOf[entry.first + unit] = index;
        this.initial[entry.first + unit] = whole + (unit < odd ? 1 : 0);
      }
    });
    this.running = Float64Array.from(this.initial);
  }

  line(unit: number): BasketLine {
    const entry = this.#lines[this.lineOf[unit] ?? -1];
    if (entry === undefined) throw new RangeError(`no unit ${unit}`);
    return entry;
  }

  left(unit: number): Minor {
    return this.running[unit] ?? 0;
  }

  /** The units of the selected lines, in order of position, used up or not. */
  of(selects: Selects): number[] {
    const units: number[] = [];
    for (const entry of this.#lines)
      if (selects(entry.line)) for (let unit = 0; unit < entry.units; unit++) units.push(entry.first + unit);
    return units;
  }

  /** Whether a `line` application may still use the unit. */
  isOpen(unit: number, stackable: boolean): boolean {
    const state = this.#state[unit];
    return state === free || (stackable && state === byStackable);
  }

  consume(unit: number, stackable: boolean): void {
    this.#state[unit] = stackable ? byStackable : used;
  }

  /** Of the basket only, which keeps its sums true. */
  reduce(unit: number, amount: Minor): void {
    this.running[unit] = this.left(unit) - amount;
    this.line(unit).running -= amount;
  }
}
