/** How large a QR code gets, without drawing it. */

/** Bytes that versions 1, 2, 3 … hold in byte mode at error correction M (ISO/IEC 18004, table of capacities). */
const capacities = [14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624] as const;

/** Modules across, quiet zone not counted; @param bytes at most 624 */
export function qrSide(bytes: number): number {
  const version = capacities.findIndex(capacity => bytes <= capacity) + 1;
  if (version === 0) throw new RangeError(`no QR code here holds ${bytes} bytes`);
  return 17 + 4 * version;
}
