/** Reads HID report descriptors (USB HID 1.11, section 6.2.2) as far as input reports go. Pure; never throws. */

/** One Input item: `count` fields of `size` bits. */
export interface HidInput {
  readonly reportId: number;
  /** From the start of the report's data, without the report ID. */
  readonly bitOffset: number;
  readonly size: number;
  readonly count: number;
  readonly constant: boolean;
  /** page << 16 | usage; the last one stands for all further fields. */
  readonly usages: readonly number[];
  /** Application collection it lies in: page << 16 | usage. */
  readonly application: number;
}

/** Hardware sends a few hundred bytes; whatever is beyond is broken or hostile. */
const longestDescriptor = 4096;
const mostInputs = 512;
const mostUsages = 256;
const longestReportBits = 8 * 4096;

type Globals = { page: number; size: number; count: number; reportId: number };

/** All Input items in order; what comes before a fault is kept. */
export function parseHidDescriptor(bytes: Uint8Array): readonly HidInput[] {
  const inputs: HidInput[] = [];
  const lengths = new Map<number, number>();
  const stack: Globals[] = [];
  const collections: number[] = [];
  let globals: Globals = { page: 0, size: 0, count: 0, reportId: 0 };
  let usages: number[] = [];
  let from: number | null = null;

  for (const item of items(bytes)) {
    if (item.type === 'global') {
      if (item.tag === 0x0) globals = { ...globals, page: item.value & 0xffff };
      else if (item.tag === 0x7) globals = { ...globals, size: item.value };
      else if (item.tag === 0x8) globals = { ...globals, reportId: item.value & 0xff };
      else if (item.tag === 0x9) globals = { ...globals, count: item.value };
      else if (item.tag === 0xa && stack.length < 16) stack.push(globals);
      else if (item.tag === 0xb) globals = stack.pop() ?? globals;
      continue;
    }
    if (item.type === 'local') {
      const usage = item.size === 4 ? item.value : ((globals.page << 16) | item.value) >>> 0;
      if (item.tag === 0x0 && usages.length < mostUsages) usages.push(usage);
      else if (item.tag === 0x1) from = usage;
      else if (item.tag === 0x2 && from !== null) {
        for (let each = from; each <= usage && usages.length < mostUsages; each++) usages.push(each);
        from = null;
      }
      continue;
    }
    if (item.tag === 0xa && collections.length < 32) {
      // 01 = application; any other collection belongs to the one around it.
      collections.push(item.value === 1 ? (usages[0] ?? 0) : (collections.at(-1) ?? usages[0] ?? 0));
    } else if (item.tag === 0xc) collections.pop();
    else if (item.tag === 0x8) {
      const at = lengths.get(globals.reportId) ?? 0;
      const bits = globals.size * globals.count;
      if (at + bits > longestReportBits || inputs.length === mostInputs) return inputs;
      lengths.set(globals.reportId, at + bits);
      inputs.push({
        reportId: globals.reportId,
        bitOffset: at,
        size: globals.size,
        count: globals.count,
        constant: (item.value & 1) === 1,
        usages,
        application: collections.at(-1) ?? 0,
      });
    }
    usages = [];
    from = null;
  }
  return inputs;
}

type Item = {
  readonly type: 'main' | 'global' | 'local';
  readonly tag: number;
  readonly size: number;
  readonly value: number;
};

function* items(bytes: Uint8Array): Generator<Item> {
  const end = Math.min(bytes.length, longestDescriptor);
  for (let at = 0; at < end; ) {
    const prefix = bytes[at] ?? 0;
    if (prefix === 0xfe) {
      at += 3 + (bytes[at + 1] ?? 0); // long item: none is defined, all are skipped
      continue;
    }
    const size = [0, 1, 2, 4][prefix & 3] ?? 0;
    if (at + 1 + size > end) return;
    let value = 0;
    for (let i = 0; i < size; i++) value += (bytes[at + 1 + i] ?? 0) * 2 ** (8 * i);
    const type = (['main', 'global', 'local', null] as const)[(prefix >> 2) & 3] ?? null;
    if (type !== null) yield { type, tag: prefix >> 4, size, value };
    at += 1 + size;
  }
}
