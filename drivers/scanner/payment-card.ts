/**
 * Numbers that look like a payment card. They must never reach a log, a database or HQ (PCI DSS), so the test is
 * generous: a card that a customer holds under the scanner by mistake is dropped, whatever it is.
 */
import { gs1CheckOk, luhnOk } from './check-digit.ts';

/** Issuer ranges of the networks met in Europe, with the lengths they use (ISO/IEC 7812; the networks' public BIN tables). */
const networks: readonly { readonly iin: RegExp; readonly lengths: readonly number[] }[] = [
  { iin: /^4/, lengths: [13, 16, 18, 19] }, // Visa, V PAY
  { iin: /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16] }, // Mastercard
  { iin: /^(5018|5020|5038|5[6-9]|6)/, lengths: [13, 14, 15, 16, 17, 18, 19] }, // Maestro, Discover, UnionPay, RuPay, girocard
  { iin: /^3[47]/, lengths: [15] }, // American Express
  { iin: /^3(0[0-5]|095|6|8|9)/, lengths: [14, 15, 16, 17, 18, 19] }, // Diners Club
  { iin: /^35(2[89]|[3-8])/, lengths: [16, 17, 18, 19] }, // JCB
  { iin: /^(220[0-4]|9792|81)/, lengths: [16, 17, 18, 19] }, // Mir, Troy, UnionPay
];

/** One number of 13–19 digits, nothing else. */
export function isPaymentCardNumber(number: string): boolean {
  if (!/^\d{13,19}$/.test(number)) return false;
  if (!networks.some(network => network.lengths.includes(number.length) && network.iin.test(number))) return false;
  if (!luhnOk(number)) return false;
  // Goods: 13 digits with a good EAN check digit. Visa stopped issuing 13-digit cards; a tenth of all German EANs pass Luhn.
  return !(number.length === 13 && gs1CheckOk(number));
}

/** A payment card anywhere in the text: as a number with blanks or dashes, as magnetic stripe data, inside a longer text. */
export function holdsPaymentCard(text: string): boolean {
  // Track 1 and 2 of ISO/IEC 7813: whatever the number, this is a bank card's stripe.
  if (/%?B\d{12,19}\^/.test(text) || /;?\d{12,19}[=D]\d{4,}/.test(text)) return true;
  for (const run of text.matchAll(/\d(?:[ -]?\d){12,}/g)) {
    const digits = run[0].replaceAll(/[ -]/g, '');
    if (digits.length <= 19 && isPaymentCardNumber(digits)) return true;
  }
  return false;
}
