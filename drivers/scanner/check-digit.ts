/** Check digits of numbers on cards and goods. All functions are false for anything but ASCII digits. */

/** GS1 mod-10 (GTIN, GSRN, GCN): weights 3 and 1 from the right. GS1 General Specifications, section 7.9. */
export function gs1CheckOk(number: string): boolean {
  return /^\d{2,}$/.test(number) && gs1CheckDigit(number.slice(0, -1)) === number.at(-1);
}

/** The GS1 mod-10 check digit that belongs behind `digits`. */
export function gs1CheckDigit(digits: string): string {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const weight = (digits.length - i) % 2 === 1 ? 3 : 1;
    sum += (digits.charCodeAt(i) - 48) * weight;
  }
  return String((10 - (sum % 10)) % 10);
}

/** Luhn (ISO/IEC 7812-1, annex B). */
export function luhnOk(number: string): boolean {
  if (!/^\d{2,}$/.test(number)) return false;
  let sum = 0;
  for (let i = 0; i < number.length; i++) {
    const digit = number.charCodeAt(number.length - 1 - i) - 48;
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
