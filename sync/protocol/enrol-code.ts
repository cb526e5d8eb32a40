/**
 * The one-time code with which a till joins: a secret that HQ knows the hash of, and the fingerprint of HQ's authority, so
 * that the till can tell HQ from whoever else answers. 44 letters and digits in groups of four; the last two or three of
 * them find slips of the pen before anybody is asked.
 */
import { createHash, randomBytes } from 'node:crypto';
import { accept, type Result, refuse } from './result.ts';

export interface EnrolCode {
  /** 80 random bits, hex. */
  readonly secret: string;
  /** First 128 bits of the SHA-256 of the authority's certificate, hex. */
  readonly authority: string;
}

const secretDigits = 20;
const authorityDigits = 32;
const checkDigits = 3;
const letters = 44;
/** Crockford's: no I, L, O, U, which are read as 1, 1, 0 and V or written by accident. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** @param fingerprint hex SHA-256 of the authority's certificate */
export const newEnrolCode = (fingerprint: string): EnrolCode => ({
  secret: randomBytes(secretDigits / 2).toString('hex'),
  authority: fingerprint.slice(0, authorityDigits),
});

export function formatEnrolCode({ secret, authority }: EnrolCode): string {
  let number = BigInt(`0x${secret}${authority}${checkOf(secret + authority)}`);
  let text = '';
  for (let at = 0; at < letters; at++) {
    text = (alphabet[Number(number % 32n)] ?? '') + text;
    number /= 32n;
  }
  return (text.match(/.{4}/g) ?? []).join('-');
}

/** Small and capital letters, with or without hyphens and spaces. */
export function readEnrolCode(typed: string): Result<EnrolCode> {
  if (typed.length > 200) return refuse('is too long');
  const text = typed.toUpperCase().replace(/[-\s]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  if (text.length !== letters) return refuse(`has ${text.length} letters and digits where ${letters} belong`);
  let number = 0n;
  for (const letter of text) {
    const value = alphabet.indexOf(letter);
    if (value < 0) return refuse(`has a "${letter}", which no code has`);
    number = number * 32n + BigInt(value);
  }
  const digits = number.toString(16).padStart(secretDigits + authorityDigits + checkDigits, '0');
  const body = digits.slice(0, -checkDigits);
  if (checkOf(body) !== digits.slice(-checkDigits)) return refuse('has a slip of the pen in it');
  return accept({ secret: body.slice(0, secretDigits), authority: body.slice(secretDigits) });
}

/** What HQ keeps of a code. 80 random bits need no slow hash. */
export const hashOfSecret = (secret: string): string =>
  createHash('sha256').update(`tillside/enrol/1\n${secret}`).digest('hex');

const checkOf = (digits: string): string => createHash('sha256').update(digits).digest('hex').slice(0, checkDigits);
