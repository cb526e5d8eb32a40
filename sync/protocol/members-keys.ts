/**
 * Keys of members and cards: whole numbers below 2⁵³, so that a database's integer key holds them and JavaScript is exact.
 * HQ's member ids are such a key in letters; ids of other makes get theirs by hashing.
 */
import { hash } from 'node:crypto';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const idLength = 11;
const idForm = /^m[0-9a-hjkmnp-tv-z]{11}$/;
const cardForm = /^[0-9a-f]{16}$/;

/** The first 53 bits of a hash in hex. */
export const keyOfHash = (hex: string): number =>
  Number.parseInt(hex.slice(0, 8), 16) * 0x20_0000 + (Number.parseInt(hex.slice(8, 16), 16) >>> 11);

/** `m` and eleven characters, as HQ names members (`h`: households). */
export function idOfKey(key: number, letter: 'm' | 'h' = 'm'): string {
  let text = '';
  for (let rest = key, n = 0; n < idLength; n++) {
    text = alphabet.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return letter + text;
}

/** The key that an id of HQ spells; null: an id of another make. */
export function spelledKey(id: string): number | null {
  if (!idForm.test(id)) return null;
  let key = 0;
  for (let at = 1; at <= idLength; at++) key = key * 32 + alphabet.indexOf(id.charAt(at));
  return key <= Number.MAX_SAFE_INTEGER ? key : null;
}

export const keyOfMember = (id: string): number =>
  spelledKey(id) ?? keyOfHash(hash('sha256', `tillside/member/1\n${id}`));

/** What stands for a card's number in rows, files and questions: 16 hex digits of its hash. */
export const hashOfCard = (card: string): string => hash('sha256', `tillside/card/1\n${card}`).slice(0, 16);

export const isCardHash = (value: unknown): value is string => typeof value === 'string' && cardForm.test(value);

export const keyOfCard = keyOfHash;
