/** What a scanned text means: a member's card, a coupon, goods, a payment card to forget at once, or nothing known. */
import { splitAim, symbologyOf } from './aim.ts';
import { gs1CheckDigit, gs1CheckOk, luhnOk, upcAOfUpcE } from './check-digit.ts';
import { type Elements, type ElementsResult, parseDigitalLink, parseElements } from './gs1.ts';
import { holdsPaymentCard } from './payment-card.ts';
import type { CardScheme, ScannedCode, Symbology } from './types.ts';

export interface CodeConfig {
  /** The bundle's card schemes. */
  readonly schemes: readonly CardScheme[];
  /** Codes that the store's scales print; without a row, prefixes 20–29 are goods like any other. */
  readonly weighedPrefixes?: readonly WeighedPrefix[];
}

/** An EAN-13 of the store's scales: prefix, article, value, check digit. */
export interface WeighedPrefix {
  readonly prefix: string;
  /** What the digits before the check digit tell: kilograms or the price. */
  readonly value: 'weight' | 'price';
  /** How many digits the value has (4 or 5). */
  readonly digits: number;
  readonly decimals: number;
}

export interface ScannedText {
  readonly text: string;
  readonly symbology: Symbology | null;
  /** As the device sent it. */
  readonly aim?: string | null;
}

const FNC1 = '\u001d';
const longest = 4096;

/** Tells what a scanned, posted or typed text is. Pure; never throws, whatever the text. */
export function classify(scan: ScannedText, config: CodeConfig): ScannedCode {
  const split = splitAim(scan.text);
  const aim = scan.aim ?? split.aim;
  const symbology = scan.symbology ?? symbologyOf(aim);
  const text = split.text.trim();
  if (text.length === 0 || text.length > longest) return unreadable;
  if (text.startsWith('TS1.')) {
    return /^TS1\.[A-Za-z0-9._~-]+$/.test(text) ? { kind: 'coupon', form: 'token', code: text } : unreadable;
  }
  const link = parseDigitalLink(text);
  if (link !== null) return link.ok ? ofElements(link.elements, config) : { kind: 'unknown', why: link.why };
  const code = ofSymbol(text, symbology, aim, config);
  return code.kind === 'unknown' && !isRetail(symbology, text) && holdsPaymentCard(text)
    ? { kind: 'payment-card' }
    : code;
}

function ofSymbol(text: string, symbology: Symbology | null, aim: string | null, config: CodeConfig): ScannedCode {
  const gs1 = isGs1(symbology, aim) || text.includes(FNC1);
  const elements = gs1 ? parseElements(text) : null;
  const known = elements?.ok === true ? ofElements(elements.elements, config) : null;
  if (known !== null && known.kind !== 'unknown') return known;
  if (hasControls(text)) return known ?? { kind: 'unknown', why: whyNot(elements) };
  if (elements === null) return ofPlain(text, symbology, config);
  // Some scanners send DataBar as the bare 14 digits, and some name a member's CODE 128 or QR as one of GS1.
  const card = ofScheme(text, symbology, config.schemes);
  if (card?.valid === true) return { kind: 'member', scheme: card.scheme, card: card.card };
  if (known !== null || whyNot(elements) === 'check-digit') return known ?? { kind: 'unknown', why: 'check-digit' };
  const plain = ofPlain(text, symbology, config);
  return plain.kind === 'unknown' ? unreadable : plain;
}

function whyNot(elements: ElementsResult | null): 'check-digit' | 'unreadable' {
  return elements === null || elements.ok ? 'unreadable' : elements.why;
}

const unreadable: ScannedCode = { kind: 'unknown', why: 'unreadable' };

/** Serial of a coupon as a person types it from the slip: 16 characters of Crockford's base 32. */
const typedSerial = /^[0-9A-HJKMNP-TV-Z]{4}(-?[0-9A-HJKMNP-TV-Z]{4}){3}$/i;

function ofPlain(text: string, symbology: Symbology | null, config: CodeConfig): ScannedCode {
  const number = withoutAddOn(text, symbology);
  const card = ofScheme(number, symbology, config.schemes);
  const weighed = ofScale(number, config.weighedPrefixes ?? [], card?.prefix ?? '');
  if (weighed !== null) return weighed;
  if (card?.valid === true) return { kind: 'member', scheme: card.scheme, card: card.card };
  if (!isRetail(symbology, number) && holdsPaymentCard(number)) return { kind: 'payment-card' };
  if (card !== null) return { kind: 'unknown', why: 'check-digit' };
  const unnamed = symbology === null || symbology === 'OTHER' || (symbology === 'CODE128' && couponNumber.test(number));
  const bare = unnamed ? ofBareElements(number, config) : null;
  if (bare !== null) return bare;
  const trade = ofTradeNumber(number, symbology);
  if (trade !== null) return trade;
  if (typedSerial.test(text)) return { kind: 'coupon', form: 'token', code: text.replaceAll('-', '').toUpperCase() };
  return { kind: 'unknown', why: 'no-scheme' };
}

/** A number of GS1's retail symbols: goods, or a coupon of somebody. Null for a text that is none. */
function ofTradeNumber(number: string, symbology: Symbology | null): ScannedCode | null {
  if (!/^(\d{8}|\d{12}|\d{13}|\d{14})$/.test(number)) return null;
  // `]E0` with 8 digits is a UPC-E whose scanner leaves the zeros out; EAN-8 has an identifier of its own.
  const short = number.length === 8 && /^[01]/.test(number) ? upcAOfUpcE(number) : null;
  if (short !== null && (symbology === 'UPCE' || symbology === 'UPCA' || symbology === 'EAN13')) {
    return gs1CheckOk(short) ? { kind: 'product', gtin: plainGtin(short) } : { kind: 'unknown', why: 'check-digit' };
  }
  if (!gs1CheckOk(number)) {
    // From a keyboard, or a scanner that names no symbology.
    const upcE = short !== null && symbology !== 'EAN8' && gs1CheckOk(short);
    return upcE ? { kind: 'product', gtin: plainGtin(short) } : { kind: 'unknown', why: 'check-digit' };
  }
  if (couponPrefix.test(number)) return { kind: 'coupon', form: 'ean-98-99', code: number };
  if (/^980\d{10}$/.test(number)) return { kind: 'unknown', why: 'no-scheme' };
  return { kind: 'product', gtin: plainGtin(number) };
}

/** GS1 prefixes 981–984 and 990–999 are coupons' alone; 980, in between, is refund receipts (GS1 General Specifications, figure 1.4.2). */
const couponPrefix = /^(98[1-4]|99\d)\d{10}$/;

/** A coupon of this product in GS1-128: AI 91 and 24 digits. Some scanners name the symbol as plain CODE 128. */
const couponNumber = /^91\d{24}$/;

/** Symbols that only ever stand on goods; no payment card bears one. */
function isRetail(symbology: Symbology | null, number: string): boolean {
  const retail: readonly (Symbology | null)[] = ['EAN13', 'EAN8', 'UPCA', 'UPCE', 'ITF'];
  return retail.includes(symbology) && /^\d{8,14}$/.test(number);
}

/** `]E3` sends two or five digits of an add-on symbol (magazines) behind the EAN. */
function withoutAddOn(text: string, symbology: Symbology | null): string {
  return symbology === 'EAN13' && /^(\d{15}|\d{18})$/.test(text) ? text.slice(0, 13) : text;
}

// --- member cards -----------------------------------------------------------------------------------------------------

type SchemeMatch = {
  readonly scheme: string;
  readonly card: string;
  readonly prefix: string;
  /** The check digit is right. */
  readonly valid: boolean;
};

/** The scheme with the longest prefix that fits; one whose check digit is right goes before one where it is wrong. */
function ofScheme(number: string, symbology: Symbology | null, schemes: readonly CardScheme[]): SchemeMatch | null {
  let best: SchemeMatch | null = null;
  for (const scheme of schemes) {
    if (!allows(scheme, symbology)) continue;
    const card = numberForms(number, symbology).find(
      form => form.length === scheme.length && form.startsWith(scheme.prefix),
    );
    if (card === undefined) continue;
    const match = { scheme: scheme.id, card, prefix: scheme.prefix, valid: checkOk(card, scheme.check) };
    if (best === null || better(match, best)) best = match;
  }
  return best;
}

function better(match: SchemeMatch, than: SchemeMatch): boolean {
  if (match.valid !== than.valid) return match.valid;
  return match.prefix.length > than.prefix.length;
}

/** A keyboard and a POS that names no symbology are taken at their word. A symbol with FNC1 is of its family too. */
function allows(scheme: CardScheme, symbology: Symbology | null): boolean {
  if (scheme.symbologies === undefined || symbology === null || symbology === 'OTHER') return true;
  const family = symbology.startsWith('GS1-') ? symbology.slice('GS1-'.length) : symbology;
  return scheme.symbologies.includes(symbology) || scheme.symbologies.includes(family === '128' ? 'CODE128' : family);
}

/** UPC-A arrives with 12 digits or, as EAN-13, with 13; a scheme may be written in either. */
function numberForms(number: string, symbology: Symbology | null): readonly string[] {
  if (symbology === 'UPCA' && /^\d{12}$/.test(number)) return [number, `0${number}`];
  if (symbology === 'UPCA' && /^0\d{12}$/.test(number)) return [number, number.slice(1)];
  return [number];
}

function checkOk(card: string, check: CardScheme['check']): boolean {
  if (check === 'none') return true;
  return check === 'luhn' ? luhnOk(card) : gs1CheckOk(card);
}

// --- goods ------------------------------------------------------------------------------------------------------------

/** The trade item number in its usual length: 8 for EAN-8, 13 for UPC-A and EAN-13, 14 for cases. */
function plainGtin(number: string): string {
  const full = number.padStart(14, '0');
  if (full.startsWith('000000')) return full.slice(6);
  return full.startsWith('0') ? full.slice(1) : full;
}

/**
 * A code of the store's scales: the article with the value set to zero, and the value as the GS1 element that says the same
 * (310n kilograms, 392n price; n decimals). A card scheme with a prefix as long or longer goes before.
 */
function ofScale(number: string, rows: readonly WeighedPrefix[], cardPrefix: string): ScannedCode | null {
  if (!/^\d{13}$/.test(number)) return null;
  let row: WeighedPrefix | null = null;
  for (const candidate of rows) {
    if (number.startsWith(candidate.prefix) && candidate.prefix.length > (row?.prefix ?? cardPrefix).length)
      row = candidate;
  }
  if (row === null) return null;
  if (!gs1CheckOk(number)) return { kind: 'unknown', why: 'check-digit' };
  const value = number.slice(12 - row.digits, 12);
  const article = number.slice(0, 12 - row.digits) + '0'.repeat(row.digits);
  const element: Elements =
    row.value === 'weight' ? { [`310${row.decimals}`]: value.padStart(6, '0') } : { [`392${row.decimals}`]: value };
  return { kind: 'product', gtin: article + gs1CheckDigit(article), elements: element };
}

// --- GS1 symbols ------------------------------------------------------------------------------------------------------

function isGs1(symbology: Symbology | null, aim: string | null): boolean {
  return (
    symbology === 'GS1-128' ||
    symbology === 'GS1-DATAMATRIX' ||
    symbology === 'GS1-QR' ||
    symbology === 'DATABAR' ||
    aim === ']J1'
  );
}

/** Element strings whose scanner said nothing about the symbol: only those that can be nothing else. */
function ofBareElements(number: string, config: CodeConfig): ScannedCode | null {
  if (!/^(01\d{14}|801[78]\d{18}|255\d{13,25})$/.test(number) && !couponNumber.test(number)) return null;
  const result = parseElements(number);
  return result.ok ? ofElements(result.elements, config) : null;
}

function ofElements(elements: Elements, config: CodeConfig): ScannedCode {
  const gcn = elements['255'];
  if (gcn !== undefined) return { kind: 'coupon', form: 'gcn', code: gcn, elements };
  const gsrn = elements['8018'];
  if (gsrn !== undefined) {
    return { kind: 'member', scheme: ofScheme(gsrn, null, config.schemes)?.scheme ?? 'gsrn', card: gsrn };
  }
  const american = elements['8110'] ?? elements['8112'];
  if (american !== undefined) return { kind: 'coupon', form: 'ai-8110', code: american, elements };
  const gtin = elements['01'];
  if (gtin !== undefined) return { kind: 'product', gtin: plainGtin(gtin), elements };
  const own = elements['91'];
  if (own !== undefined && Object.keys(elements).length === 1 && /^\d{24}$/.test(own) && gs1CheckOk(own)) {
    return { kind: 'coupon', form: 'number', code: own };
  }
  return { kind: 'unknown', why: 'no-scheme' };
}

/** Control characters; FNC1 has been dealt with before. */
function hasControls(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20 || text.charCodeAt(i) === 0x7f) return true;
  return false;
}
