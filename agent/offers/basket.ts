/**
 * The basket while offers are applied: running amounts of lines and of their units, and which units are used up.
 *
 * A line sold by piece is as many units of `amount / quantity`, the odd cents on the first; any other line is one unit.
 * Lines that are not discountable, or taken back (negative quantity or amount), are in the total and nowhere else.
 */
import { type ProductSums, productSums } from './product-sums.ts';
import { parseQuantity, type Thousandths, wholePieces } from './quantity.ts';
import type { Selects } from './selector.ts';
import type { Minor, SaleLine } from './types.ts';

export interface BasketLine {
  readonly line: SaleLine;
  readonly position: number;
  readonly quantity: Thousandths;
  /** How many units; a line that is not whole pieces is one. */
  readonly units: number;
  /** Sold by piece: a unit is a piece. Otherwise the unit is priced by quantity. */
  readonly byPiece: boolean;
  /** Index of its first unit. */
  readonly first: number;
  /** What is left to pay of the whole line. */
  running: Minor;
}

/** A unit that a `line` application used: by a stackable one, which lets other stackable ones use it too, or for good. */
const free = 0;
const byStackable = 1;
const used = 2;

export class Basket {
  /** The lines that offers see, in order of position. */
  readonly lines: readonly BasketLine[];
  /** All lines of the sale, the ones that offers do not see included. */
  readonly initial: Minor;
  readonly #unitCount: number;
  #units: Units | null = null;
  #sums: ProductSums | null = null;

  constructor(lines: readonly SaleLine[]) {
    const seen: BasketLine[] = [];
    let initial = 0;
    let first = 0;
    lines.forEach((line, position) => {
      initial += line.amount;
      const quantity = parseQuantity(line.quantity) ?? 0;
      if (line.discountable === false || quantity < 0 || line.amount < 0) return;
      const pieces = wholePieces(quantity, line.unit);
      const units = pieces ?? 1;
      seen.push({ line, position, quantity, units, byPiece: pieces !== null, first, running: line.amount });
      first += units;
    });
    this.lines = seen;
    this.initial = initial;
    this.#unitCount = first;
  }

  /** Made when the first benefit needs them: most sales have no discount. */
  get units(): Units {
    this.#units ??= new Units(this.lines, this.#unitCount);
    return this.#units;
  }

  /** Sums by product number, brand and category, as the lines now stand. */
  get sums(): ProductSums {
    this.#sums ??= productSums(this.lines);
    return this.#sums;
  }

  /** Takes `amount` off a unit and its line. */
  reduce(unit: number, amount: Minor): void {
    this.units.reduce(unit, amount);
    this.#sums = null;
  }

  /** Sum of the running amounts of the selected lines. */
  spend(selects: Selects): Minor {
    let sum = 0;
    for (const entry of this.lines) if (selects(entry.line)) sum += entry.running;
    return sum;
  }

  /** Summed pieces of the selected lines; a line that is not whole pieces counts as 1. */
  items(selects: Selects): number {
    let sum = 0;
    for (const entry of this.lines) if (selects(entry.line)) sum += entry.units;
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
