/** Members of the sample grocer: invented people in households, always the same ones for the same seed. */
import { gtin13 } from './products.ts';

export type SampleMember = {
  readonly id: string;
  readonly card: string;
  readonly firstName: string;
  readonly household: string;
  readonly language: 'de' | 'fr' | 'it';
  readonly tier: 'basic' | 'silver' | 'gold';
  readonly points: number;
  readonly joined: string;
  readonly birthday: string;
  readonly segments: readonly string[];
  readonly consents: readonly string[];
  readonly attributes: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly activated: readonly string[];
};

const names = {
  de: 'Anna,Beat,Claudia,Daniel,Eva,Felix,Gabi,Hans,Irene,Jürg,Katrin,Lukas,Monika,Noah,Petra,Reto,Sabine,Thomas,Ursula,Zoë'.split(
    ',',
  ),
  fr: 'Amélie,Benoît,Chloé,Denis,Élodie,François,Hélène,Jérôme,Léa,Mathieu,Noémie,Olivier,Renée,Sébastien,Zoé'.split(
    ',',
  ),
  it: 'Alessia,Bruno,Chiara,Davide,Elisa,Fabio,Giulia,Luca,Nicolò,Sofia'.split(','),
} as const;
const segments = ['coffee-lover', 'families', 'students', 'wine-friends', 'pet-owners', 'big-baskets', 'lapsed'];
const diets = ['vegan', 'vegetarian', 'lactose-free', 'gluten-free'];

/**
 * @param today local date; joining dates and birthdays are set around it so that welcome and birthday offers occur
 * @param count how many members
 */
export function sampleMembers(today: string, count = 2400): SampleMember[] {
  const random = mulberry32(20261121);
  const chance = (p: number) => random() < p;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const base = Date.parse(`${today}T12:00:00Z`);
  const date = (daysAgo: number) => new Date(base - daysAgo * 86_400_000).toISOString().slice(0, 10);
  const members: SampleMember[] = [];
  let household = 0;
  for (let i = 0; i < count; i++) {
    if (i === 0 || !chance(0.45)) household++;
    const language = chance(0.65) ? 'de' : chance(0.68) ? 'fr' : 'it';
    const points = Math.floor(random() ** 3 * 9000);
    const diet = diets.filter(() => chance(0.08));
    members.push({
      id: `m${String(i + 1).padStart(6, '0')}`,
      card: gtin13(`2501${String(10_000_000 + i * 37).slice(-8)}`),
      firstName: pick(names[language]),
      household: `h${String(household).padStart(6, '0')}`,
      language,
      tier: points >= 5000 ? 'gold' : points >= 1000 ? 'silver' : 'basic',
      points,
      joined: date(chance(0.06) ? Math.floor(random() * 20) : 30 + Math.floor(random() * 3000)),
      birthday: `${1940 + Math.floor(random() * 66)}${date(Math.floor(random() * 365)).slice(4)}`.replace(
        '-02-29',
        '-02-28',
      ),
      segments: segments.filter(() => chance(0.18)),
      consents: chance(0.9) ? ['coupons', ...(chance(0.5) ? ['profiling'] : [])] : [],
      attributes: {
        buysBreakfast: chance(0.4),
        favouriteStore: chance(0.8) ? '0042' : '0017',
        visitsPerMonth: Math.floor(random() * 12),
        ...(diet.length > 0 ? { diet } : {}),
      },
      activated: chance(0.3) ? ['digital-fruit'] : [],
    });
  }
  // The first five are the cards in the demo's drawer; each shows something else.
  return showcase(members, date);
}

function showcase(members: SampleMember[], date: (daysAgo: number) => string): SampleMember[] {
  const changes: readonly Partial<SampleMember>[] = [
    {
      firstName: 'Anna',
      language: 'de',
      tier: 'silver',
      points: 4930,
      joined: date(800),
      segments: ['coffee-lover', 'families'],
      consents: ['coupons', 'profiling'],
      attributes: { buysBreakfast: true, favouriteStore: '0042', visitsPerMonth: 6 },
    },
    {
      firstName: 'Jérôme',
      language: 'fr',
      tier: 'basic',
      points: 120,
      joined: date(2),
      segments: ['wine-friends'],
      consents: ['coupons'],
      attributes: { buysBreakfast: false, favouriteStore: '0042', visitsPerMonth: 2 },
    },
    {
      firstName: 'Giulia',
      language: 'it',
      tier: 'gold',
      points: 7420,
      joined: date(2100),
      segments: ['big-baskets', 'pet-owners'],
      consents: ['coupons', 'profiling'],
      attributes: { buysBreakfast: true, favouriteStore: '0042', visitsPerMonth: 9, diet: ['vegan'] },
      activated: ['digital-fruit'],
    },
    {
      firstName: 'Beat',
      language: 'de',
      tier: 'basic',
      points: 640,
      joined: date(400),
      birthday: `1984${date(0).slice(4)}`,
      segments: ['students'],
      consents: ['coupons'],
    },
    {
      firstName: 'Ursula',
      language: 'de',
      tier: 'silver',
      points: 1800,
      joined: date(1500),
      segments: ['lapsed'],
      consents: [],
    },
  ];
  return members.map((member, i) => ({ ...member, ...changes[i] }));
}

/** A small seeded generator (mulberry32), so that the demo is the same everywhere. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
