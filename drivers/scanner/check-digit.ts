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

/**
 * The UPC-A that a UPC-E of 8 digits (number system 0 or 1, six digits, check digit) stands for; its check digit is that of the UPC-A.
 * GS1 General Specifications, section 5.2.2.4.
 */
export function upcAOfUpcE(digits: string): string {
  const [system, body, check] = [digits.slice(0, 1), digits.slice(1, 7), digits.slice(7)];
  const last = Number(body.at(-1));
  if (last <= 2) return `${system}${body.slice(0, 2)}${last}0000${body.slice(2, 5)}${check}`;
  if (last === 3) return `${system}${body.slice(0, 3)}00000${body.slice(3, 5)}${check}`;
  if (last === 4) return `${system}${body.slice(0, 4)}00000${body.slice(4, 5)}${check}`;
  return `${system}${body.slice(0, 5)}0000${last}${check}`;
}
