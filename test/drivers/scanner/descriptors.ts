/** HID report descriptors of scanners, for tests: as vendors write them, with the odd places that occur. */

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

const open = '05 8c 09 02 a1 01 85 02 09 12 a1 02 15 00 26 ff 00 75 08';
const length = '95 01 05 01 09 3b 81 02';
const aim = '05 8c 95 03 09 fb 09 fc 09 fd 81 02';
const data = '05 8c 95 38 09 fe 82 02 01';
const vendorByte = '06 66 ff 95 01 09 04 81 02';
const vendorBytes = '06 66 ff 95 02 09 04 09 00 81 02';
const continued = '05 8c 25 01 75 01 95 01 09 ff 81 02 75 07 81 03';
const close = 'c0 c0';

export type TestScanner = {
  readonly name: string;
  readonly vendor: number;
  readonly product: number;
  readonly descriptor: Uint8Array;
};

/** Length 1, AIM 2–4, data 5–60, vendor 61–62, continued 63. */
export const zebra: TestScanner = {
  name: 'Zebra',
  vendor: 0x05e0,
  product: 0x1900,
  descriptor: hex(`${open}${length}${aim}${data}${vendorBytes}${continued}${close}`),
};

/** The same parts, and an output report 04 for trigger and beep. */
export const honeywell: TestScanner = {
  name: 'Honeywell',
  vendor: 0x0c2e,
  product: 0x0b87,
  descriptor: hex(
    `${open}${length}${aim}${data}${vendorBytes}${continued}c0 85 04 09 14 a1 02 25 ff 75 08 95 3f 06 66 ff 09 10 91 02 c0 c0`,
  ),
};

/** A vendor's byte between length and AIM, and "continued" at 61 of a report that has a filler behind it: AIM 3–5, data 6–60. */
export const datalogic: TestScanner = {
  name: 'Datalogic',
  vendor: 0x05f9,
  product: 0x2216,
  descriptor: hex(
    `${open}${length}${vendorByte}${aim}05 8c 95 37 09 fe 82 02 01 ${continued}25 ff 75 08 95 02 81 03 ${close}`,
  ),
};

/** No AIM: length 1, data 2–57, reserved 58–61, Newland's own symbology 62, continued 63. */
export const newland: TestScanner = {
  name: 'Newland',
  vendor: 0x1eab,
  product: 0x0d10,
  descriptor: hex(`${open}${length}${data}06 66 ff 95 04 81 03 ${vendorByte}${continued}${close}`),
};

export const scanners: readonly TestScanner[] = [zebra, honeywell, datalogic, newland];

/** A scanner that was left in keyboard mode. */
export const keyboard: TestScanner = {
  name: 'keyboard mode',
  vendor: 0x05e0,
  product: 0x1200,
  descriptor: hex(
    '05 01 09 06 a1 01 05 07 19 e0 29 e7 15 00 25 01 75 01 95 08 81 02 95 01 75 08 81 01 95 06 75 08 15 00 25 65 05 07 19 00 29 65 81 00 c0',
  ),
};
