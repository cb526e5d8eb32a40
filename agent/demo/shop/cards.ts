/** The cards in the drawer of the demo's screen: five members, and what goes wrong with cards. */

import { sampleMembers } from './members.ts';
import { gtin13 } from './products.ts';

const what = [
  'silver, coffee, 70 points to gold',
  'new, in French',
  'gold, vegan, in Italian',
  'birthday today',
  'no consent',
];

export function sampleCards(today: string): { code: string; label: string }[] {
  const members = sampleMembers(today, what.length).map(({ card, firstName }, i) => ({
    code: card,
    label: `${firstName} · ${what[i]}`,
  }));
  const [first] = members;
  const misread = first === undefined ? '' : first.code.slice(0, 12) + String((Number(first.code[12]) + 1) % 10);
  return [
    ...members,
    { code: misread, label: 'Misread card' },
    { code: gtin13('250199999999'), label: 'Card that nobody has' },
    { code: gtin13('290100000001'), label: 'Card of another shop' },
  ];
}
