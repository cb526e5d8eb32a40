/** When something with a key happened last: a small table of the keys that there are, where a cell for each key of a bundle would be cold. */

const leastSlots = 64;

export class Latest {
  /** What follows the key; 0: the slot is free. Half of the slots are. */
  #keys = new Int32Array(leastSlots);
  #times = new Float64Array(leastSlots);
  #count = 0;

  /** Forgets all. */
  clear(): void {
    // One of a hostile size is let go.
    if (this.#keys.length > 64 * leastSlots) this.#resize(leastSlots);
    else this.#keys.fill(0);
    this.#count = 0;
  }

  note(key: number, at: number): void {
    let slot = this.#slotOf(key);
    if (this.#keys[slot] !== 0) {
      if (at > (this.#times[slot] ?? 0)) this.#times[slot] = at;
      return;
    }
    if (++this.#count * 2 > this.#keys.length) {
      this.#grow();
      slot = this.#slotOf(key);
    }
    this.#keys[slot] = key + 1;
    this.#times[slot] = at;
  }

  /** -Infinity if never. */
  of(key: number): number {
    const slot = this.#slotOf(key);
    return this.#keys[slot] === 0 ? Number.NEGATIVE_INFINITY : (this.#times[slot] ?? 0);
  }

  /** The slot of a key, or the free one that it would have. */
  #slotOf(key: number): number {
    const mask = this.#keys.length - 1;
    let slot = (Math.imul(key, 0x9e3779b1) >>> 12) & mask;
    while (this.#keys[slot] !== 0 && this.#keys[slot] !== key + 1) slot = (slot + 1) & mask;
    return slot;
  }

  #resize(slots: number): void {
    this.#keys = new Int32Array(slots);
    this.#times = new Float64Array(slots);
  }

  #grow(): void {
    const keys = this.#keys;
    const times = this.#times;
    this.#resize(keys.length * 2);
    for (let index = 0; index < keys.length; index++) {
      const key = (keys[index] ?? 0) - 1;
      if (key < 0) continue;
      const slot = this.#slotOf(key);
      this.#keys[slot] = key + 1;
      this.#times[slot] = times[index] ?? 0;
    }
  }
}
