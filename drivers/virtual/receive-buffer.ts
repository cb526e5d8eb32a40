/** Bytes that a simulated printer has received and not worked off; grows, so that a command of a megabyte costs no more a byte than a short one. */
export class ReceiveBuffer {
  #store = new Uint8Array(256);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  push(byte: number): void {
    if (this.#end === this.#store.length) {
      const kept = this.bytes();
      const store = new Uint8Array(Math.max(256, kept.length * 2));
      store.set(kept);
      this.#start = 0;
      this.#end = kept.length;
      this.#store = store;
    }
    this.#store[this.#end++] = byte;
  }

  /** Valid until the next `push`. */
  bytes(): Uint8Array {
    return this.#store.subarray(this.#start, this.#end);
  }

  take(count: number): Uint8Array {
    const taken = this.#store.slice(this.#start, this.#start + count);
    this.#start = Math.min(this.#end, this.#start + count);
    return taken;
  }

  clear(): void {
    this.#start = 0;
    this.#end = 0;
  }
}
