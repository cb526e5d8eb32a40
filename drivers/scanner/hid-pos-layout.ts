/**
 * Where the parts of a scan lie in a HID POS input report: read from the report descriptor, else from the vendor's profile
 * (data below), else as in the USB-IF HID Point of Sale Usage Tables 1.02. Offsets count from the report ID, which is byte 0.
 */
import { type HidInput, parseHidDescriptor } from './hid-descriptor.ts';

export interface HidPosLayout {
  /** 0: reports are not numbered and begin with the data. */
  readonly reportId: number;
  /** Null: none sent, the data ends where the zero padding begins. */
  readonly length: number | null;
  /** First of the three bytes `]xy`; null: none sent. */
  readonly aim: number | null;
  readonly data: number;
  readonly dataBytes: number;
  /** "Decoded data continued": more of this scan follows in the next report. */
  readonly continued: { readonly byte: number; readonly bit: number } | null;
}

/** Honeywell, Zebra, Datalogic and most others (Honeywell "USB HID Bar Code Scanner" guide; Access-IS appendix A). */
export const standardLayout: HidPosLayout = {
  reportId: 2,
  length: 1,
  aim: 2,
  data: 5,
  dataBytes: 56,
  continued: { byte: 63, bit: 0 },
};

/** Newland and engines built on it: no AIM identifier, data from byte 2 (Newland FM420 integration guide, "HID-POS"). */
export const newlandLayout: HidPosLayout = {
  reportId: 2,
  length: 1,
  aim: null,
  data: 2,
  dataBytes: 56,
  continued: { byte: 63, bit: 0 },
};

export interface HidProfile {
  readonly vendor: number;
  readonly name: string;
  readonly layout: HidPosLayout;
  /** Feature report that switches the device from its keyboard-like default to HID POS events; best effort. */
  readonly wake?: readonly number[];
}

export const hidProfiles: readonly HidProfile[] = [
  { vendor: 0x0c2e, name: 'Honeywell', layout: standardLayout, wake: [0xfe, 0x01] },
  { vendor: 0x0536, name: 'Honeywell (Hand Held Products)', layout: standardLayout },
  { vendor: 0x05e0, name: 'Zebra', layout: standardLayout },
  { vendor: 0x05f9, name: 'Datalogic', layout: standardLayout },
  { vendor: 0x1eab, name: 'Newland', layout: newlandLayout },
  { vendor: 0x0db5, name: 'Access-IS', layout: standardLayout },
];

export function hidProfileOf(vendor: number | null): HidProfile | null {
  return hidProfiles.find(profile => profile.vendor === vendor) ?? null;
}

const page = 0x8c0000;
const usage = { scanner: page | 0x02, aim1: page | 0xfb, data: page | 0xfe, continued: page | 0xff };
const byteCount = 0x01003b;

/** A vendor's byte between length and AIM, and "continued" at 61: where some models differ from their vendor's others. */
const shiftedLayout: HidPosLayout = {
  reportId: 2,
  length: 1,
  aim: 3,
  data: 6,
  dataBytes: 55,
  continued: { byte: 61, bit: 0 },
};

/**
 * A layout that is not the descriptor's is a guess; the first report that bears an AIM identifier shows whether it is right.
 * @returns the layout to go on with
 */
export function confirmedLayout(guess: HidPosLayout, report: Uint8Array): HidPosLayout {
  if (guess.reportId !== shiftedLayout.reportId || isAim(report, guess.aim)) return guess;
  if (isAim(report, shiftedLayout.aim)) return shiftedLayout;
  // An identifier that the length does not count has a field of its own: data go on behind what the guess takes for all of it.
  const end = newlandLayout.data + (report[newlandLayout.length ?? 1] ?? 0);
  const hasField = guess.aim === null && isAim(report, standardLayout.aim) && (report[end] ?? 0) !== 0;
  return hasField ? standardLayout : guess;
}

function isAim(report: Uint8Array, at: number | null): boolean {
  return at !== null && /^\][A-Za-z][0-9A-Za-z]$/.test(String.fromCharCode(...report.subarray(at, at + 3)));
}

/** The layout that counts for a device: its descriptor's, its vendor's, the standard's, in this order. */
export function layoutFor(vendor: number | null, descriptor: Uint8Array | null): HidPosLayout {
  const read = descriptor === null ? null : layoutOfDescriptor(descriptor);
  return read ?? hidProfileOf(vendor)?.layout ?? standardLayout;
}

/** Null where the descriptor has no report with decoded scanner data, e.g. a scanner in keyboard mode. */
export function layoutOfDescriptor(descriptor: Uint8Array): HidPosLayout | null {
  const inputs = parseHidDescriptor(descriptor);
  const data = inputs.find(input => input.size === 8 && input.count >= 1 && has(input, usage.data));
  if (data === undefined) return null;
  const report = inputs.filter(input => input.reportId === data.reportId);
  const start = data.reportId === 0 ? 0 : 1;
  const bitOf = (wanted: number) => fieldBit(report, wanted);
  const dataBit = bitOf(usage.data);
  if (dataBit === null || dataBit % 8 !== 0) return null;
  // Usages in a row before the data's are fields of their own; the last usage takes all that remain.
  const before = data.usages.indexOf(usage.data);
  const lengthBit = bitOf(byteCount);
  const aimBit = bitOf(usage.aim1);
  const continuedBit = bitOf(usage.continued);
  return {
    reportId: data.reportId,
    length: lengthBit === null || lengthBit % 8 !== 0 ? null : start + lengthBit / 8,
    aim: aimBit === null || aimBit % 8 !== 0 ? null : start + aimBit / 8,
    data: start + dataBit / 8,
    dataBytes: data.count - before,
    continued: continuedBit === null ? null : { byte: start + Math.floor(continuedBit / 8), bit: continuedBit % 8 },
  };
}

function has(input: HidInput, wanted: number): boolean {
  const at = input.usages.indexOf(wanted);
  return !input.constant && at !== -1 && at < input.count;
}

function fieldBit(inputs: readonly HidInput[], wanted: number): number | null {
  const input = inputs.find(candidate => has(candidate, wanted));
  return input === undefined ? null : input.bitOffset + input.usages.indexOf(wanted) * input.size;
}
