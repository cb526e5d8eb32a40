/**
 * One line of an import: what the retailer's customer system says of a member (docs/members.md), turned into what tills may
 * know. Ids become keyed hashes here; whatever looks like contact data is refused.
 */
import { createHmac } from 'node:crypto';
import { isInstant, isMatch, isRecord, isText, type Json, topicId } from '../protocol/fields.ts';
import { type MemberFacts, mostCards, readMemberFacts } from '../protocol/members-facts.ts';
import { hashOfCard, idOfKey, keyOfHash } from '../protocol/members-keys.ts';
import { accept, type Result, refuse } from '../protocol/result.ts';

export type MemberName = { readonly key: number /** Further bits of the same hash. */; readonly spare: number };

export type ImportedMember =
  | (MemberName & { readonly facts: MemberFacts; readonly home: string | null })
  /** Out of all files; without the proof that an erasure gives. */
  | (MemberName & { readonly facts: null });

export interface ImportRules {
  /** 32 bytes: who has it can tell whose an id is. */
  readonly secret: Uint8Array;
  /** False: first names stay at HQ's door. */
  readonly names: boolean;
  /** Where a line does not say when its balance was taken; ms since 1970. */
  readonly now: number;
}

/** The member's name in this system. */
export function nameOf(secret: Uint8Array, id: string): MemberName {
  const hex = createHmac('sha256', secret).update(`member\n${id}`).digest('hex');
  return { key: keyOfHash(hex), spare: Number.parseInt(hex.slice(16, 24), 16) };
}

const householdOf = (secret: Uint8Array, id: string): string =>
  idOfKey(keyOfHash(createHmac('sha256', secret).update(`household\n${id}`).digest('hex')), 'h');

/** Fields of customer systems that a till must never hold, however they are written. */
const contact =
  /^(e_?mail|mail|phone|telephone|tel|mobile|fax|street|address|adresse|house_?(number|no)|city|ort|plz|zip|post_?code|last_?name|surname|family_?name|nachname|full_?name|name|iban|ahv|ssn|passport)(_?(address|number|no|nr|1|2))?$/i;
const emailLike = /[^\s@]@[^\s@]+\.[a-z]{2,}/i;
/** Nine digits or more with what people put between them. */
const phoneLike = /^\+?[\d\s()./-]*$/;
const isPhone = (text: string): boolean =>
  phoneLike.test(text) && /^(\+|00|0\d)/.test(text.trim()) && text.replaceAll(/\D/g, '').length >= 9;

export function readImport(value: unknown, rules: ImportRules): Result<ImportedMember> {
  if (!isRecord(value)) return refuse('is no object');
  const { id, cards, household, asOf, home, delete: isDeleted, ...rest } = value;
  if (!isText(id, 200) || id === '') return refuse('id is no text of 1 to 200 characters');
  const name = nameOf(rules.secret, id);
  if (isDeleted !== undefined) {
    if (isDeleted !== true || Object.keys(value).length !== 2) return refuse('delete is no {id, delete: true}');
    return accept({ ...name, facts: null });
  }
  const private_ = contactIn(rest);
  if (private_ !== null) return refuse(`${private_} looks like contact data, which tills must not have`);
  if (!Array.isArray(cards) || cards.length > mostCards || !cards.every(card => isText(card, 100) && card !== ''))
    return refuse(`cards is no list of at most ${mostCards} texts`);
  if (household !== undefined && (!isText(household, 200) || household === ''))
    return refuse('household is no text of 1 to 200 characters');
  if (asOf !== undefined && !isInstant(asOf)) return refuse('asOf is no RFC 3339 instant');
  if (home !== undefined && !isMatch(home, topicId)) return refuse('home is no id of a store');
  const { firstName, ...others } = rest as Json & { readonly firstName?: unknown };
  const facts = readMemberFacts({
    ...others,
    ...(firstName === undefined || !rules.names ? {} : { firstName }),
    ...(household === undefined ? {} : { household: householdOf(rules.secret, household) }),
    id: idOfKey(name.key),
    asOf: asOf === undefined ? rules.now : Date.parse(asOf),
    cards: [...new Set(cards.map(hashOfCard))],
  });
  if (!facts.ok) return facts;
  if (facts.value.asOf > rules.now + 86_400_000) return refuse('asOf is in the future');
  return accept({ ...name, facts: facts.value, home: home ?? null });
}

function contactIn(value: Json): string | null {
  for (const [name, one] of Object.entries(value)) {
    if (name !== 'firstName' && contact.test(name)) return name;
    if (isContact(one)) return name;
  }
  const attributes = isRecord(value.attributes) ? value.attributes : {};
  for (const [name, one] of Object.entries(attributes))
    if ((contact.test(name) && !/^(plz|zip|post_?code|city|ort)/i.test(name)) || isContact(one))
      return `attributes.${name}`;
  return null;
}

const isContact = (value: unknown): boolean =>
  typeof value === 'string'
    ? emailLike.test(value) || isPhone(value)
    : Array.isArray(value) && value.some(one => typeof one === 'string' && isContact(one));
