/**
 * Numbers for names. A name fresh from JSON has no hash yet, and a table of texts leads by way of a bucket and an entry to another text:
 * short names stand here with all their characters in one row of integers, which takes half the time.
 */

/** Cells of a row: the characters in three, and the number after the name's; 0: the row is free. */
const rowSize = 4;
/** Of seven bits each, four in a cell; the third has the length as well. */
const mostCharacters = 12;
const beyondAscii = 128;

export class Names {
  /** Names that are too long for a row, or not ASCII. */
  readonly #others = new Map<string, number>();
  #cells = new Int32Array(16 * rowSize);
  #size = 0;
  // The name read last.
  #a = 0;
  #b = 0;
  #c = 0;

  /** How many names there are; they are numbered from 0. */
  get size(): number {
    return this.#size;
  }

  /** The number of a name; -1 if it has none. */
  of(name: string): number {
    return this.#read(name) ? (this.#cells[this.#row() + 3] ?? 0) - 1 : (this.#others.get(name) ?? -1);
  }

  /** The number of a name, which has one from now on. */
  number(name: string): number {
    const known = this.of(name);
    if (known >= 0) return known;
    const number = this.#size++;
    if (!this.#read(name)) {
      this.#others.set(name, number);
      return number;
    }
    this.#put(this.#row(), number);
    // Half of the rows stay free, so that most names stand in the first row that is looked at.
    if (this.#size * rowSize * 2 > this.#cells.length) this.#grow();
    return number;
  }

  /** Whether the name is one for a row. */
  #read(name: string): boolean {
    const { length } = name;
    if (length > mostCharacters) return false;
    let all = 0;
    let at = 0;
    let a = 0;
    for (; at < length && at < 4; at++) {
      const code = name.charCodeAt(at);
      all |= code;
      a = (a << 7) | code;
    }
    let b = 0;
    for (; at < length && at < 8; at++) {
      const code = name.charCodeAt(at);
      all |= code;
      b = (b << 7) | code;
    }
    let c = length;
    for (; at < length; at++) {
      const code = name.charCodeAt(at);
      all |= code;
      c = (c << 7) | code;
    }
    this.#a = a;
    this.#b = b;
    this.#c = c;
    return all < beyondAscii;
  }

  /** Where the name read last stands, or would. */
  #row(): number {
    const cells = this.#cells;
    const a = this.#a;
    const b = this.#b;
    const c = this.#c;
    const mixed = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35);
    let row = ((mixed ^ (mixed >>> 15)) * rowSize) & (cells.length - 1);
    while (cells[row + 3] !== 0 && !(cells[row] === a && cells[row + 1] === b && cells[row + 2] === c))
      row = (row + rowSize) & (cells.length - 1);
    return row;
  }

  #put(row: number, number: number): void {
    this.#cells[row] = this.#a;
    this.#cells[row + 1] = this.#b;
    this.#cells[row + 2] = this.#c;
    this.#cells[row + 3] = number + 1;
  }

  #grow(): void {
    const before = this.#cells;
    this.#cells = new Int32Array(before.length * 2);
    for (let row = 0; row < before.length; row += rowSize) {
      const number = before[row + 3] ?? 0;
      if (number === 0) continue;
      this.#a = before[row] ?? 0;
      this.#b = before[row + 1] ?? 0;
      this.#c = before[row + 2] ?? 0;
      this.#put(this.#row(), number - 1);
    }
  }
}
