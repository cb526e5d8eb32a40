/** Images that a simulated printer keeps when it is switched off: `GS ( L` by key, or `FS q` by number. */

export interface KeptImage {
  readonly width: number;
  readonly height: number;
  readonly bits: Uint8Array;
  readonly across: number;
  readonly down: number;
}

/** Bytes that the memory of keyed images holds. */
const capacity = 262_144;

export class ImageMemory {
  readonly #kind: 'keyed' | 'numbered' | 'none';
  #kept = new Map<string, Pick<KeptImage, 'width' | 'height' | 'bits'>>();

  constructor(kind: 'keyed' | 'numbered' | 'none') {
    this.#kind = kind;
  }

  /** What is to be printed, null for nothing; `reset`: the printer starts anew, its buffers are lost. */
  command(name: 'FS p' | 'FS q' | 'GS ( L', data: Uint8Array): KeptImage | 'reset' | 'unknown' | null {
    if (name === 'GS ( L') return this.#keyed(data);
    if (this.#kind !== 'numbered') return 'unknown';
    if (name === 'FS p') return this.#shown(String(data[0]), ((data[1] ?? 0) & 1) + 1, (((data[1] ?? 0) >> 1) & 1) + 1);
    this.#replaceAll(data);
    return 'reset';
  }

  #keyed(data: Uint8Array): KeptImage | 'unknown' | null {
    const [m, fn] = data;
    if (m !== 0x30) return 'unknown';
    if (fn === 0x43) {
      const [, , , , , , wL = 0, wH = 0, hL = 0, hH = 0] = data;
      const image = { width: wL + wH * 256, height: hL + hH * 256, bits: data.slice(11) };
      const used = [...this.#kept.values()].reduce((sum, { bits }) => sum + bits.length + 24, 0);
      // A printer whose memory is full says nothing either.
      if (used + image.bits.length + 24 <= capacity) this.#kept.set(keyOf(data.subarray(3, 5)), image);
      return null;
    }
    if (fn === 0x45) return this.#shown(keyOf(data.subarray(2, 4)), data[4] ?? 1, data[5] ?? 1);
    if (fn === 0x42) {
      this.#kept.delete(keyOf(data.subarray(2, 4)));
      return null;
    }
    return 'unknown';
  }

  #shown(key: string, across: number, down: number): KeptImage | null {
    const image = this.#kept.get(key);
    return image === undefined ? null : { ...image, across, down };
  }

  /** FS q: columns from the left, eight dots a byte; all images before are gone. */
  #replaceAll(data: Uint8Array): void {
    this.#kept = new Map();
    let at = 1;
    for (let number = 1; number <= (data[0] ?? 0); number++) {
      const across = (data[at] ?? 0) + (data[at + 1] ?? 0) * 256;
      const down = (data[at + 2] ?? 0) + (data[at + 3] ?? 0) * 256;
      const columns = data.subarray(at + 4, at + 4 + across * 8 * down);
      const bits = new Uint8Array(across * down * 8);
      for (let y = 0; y < down * 8; y++)
        for (let x = 0; x < across * 8; x++)
          if ((((columns[x * down + (y >> 3)] ?? 0) >> (7 - (y & 7))) & 1) === 1)
            bits[y * across + (x >> 3)] = (bits[y * across + (x >> 3)] ?? 0) | (0x80 >> (x & 7));
      this.#kept.set(String(number), { width: across * 8, height: down * 8, bits });
      at += 4 + across * 8 * down;
    }
  }
}

function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
