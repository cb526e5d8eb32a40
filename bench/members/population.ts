/** Members for the bench: invented, the same for the same number, with what campaigns ask for. */
import type { MemberFacts } from '../../sync/protocol/members-facts.ts';
import { hashOfCard, idOfKey } from '../../sync/protocol/members-keys.ts';
import type { NumberOfWord } from '../../sync/protocol/members-row.ts';
import { consents, diets, regions, segments, tiers } from '../offers/world/shop.ts';

const dayMs = 86_400_000;
const names = [
  'Anna',
  'Beat',
  'Claudia',
  'Daniel',
  'Eva',
  'Felix',
  'Giulia',
  'Jérôme',
  'Katrin',
  'Luca',
  'Monika',
  'Noah',
];
const languages = ['de', 'fr', 'it', 'en'];
const attributes = ['region', 'postcode', 'spend-90d', 'visits-90d', 'diet', 'children'];

/** The dictionary: what the members share. */
export const words: readonly string[] = [
  ...tiers,
  ...languages,
  ...consents,
  ...segments,
  ...regions,
  ...diets,
  ...attributes,
];
const numbers = new Map(words.map((word, number) => [word, number]));
export const numberOf: NumberOfWord = word => numbers.get(word);

/** Cards are numbers of 13 digits; those of one programme lie close together. */
export const cardOf = (number: number): string => String(2_501_000_000_000 + number * 10);

/** @param key ascending with `number`, as HQ's files are sorted */
export function memberOf(number: number, key: number, below: (most: number) => number): MemberFacts {
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  return {
    id: idOfKey(key),
    asOf: Date.UTC(2026, 10, 20),
    points: below(6000),
    cards: [hashOfCard(cardOf(number))],
    firstName: pick(names),
    household: idOfKey((number >>> 1) * 3_001_000_001, 'h'),
    tier: pick(tiers),
    language: pick(languages),
    joined: dateOf(17_000 + below(3000)),
    birthday: dateOf(-10_000 + below(22_000)),
    segments: Array.from({ length: 6 + below(8) }, () => pick(segments)),
    consents: below(4) === 0 ? [] : [consents[0] ?? 'coupons'],
    attributes: {
      region: pick(regions),
      postcode: 1000 + below(9000),
      'spend-90d': below(300_000),
      'visits-90d': below(31),
      ...(below(4) === 0 ? { diet: pick(diets) } : {}),
    },
  };
}

function dateOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}
