/** The sample grocer's offers: one of every kind that a campaign manager would use in a week. */
import type { Bundle, CouponTerms, CouponTexts, Offer } from '../../offers/types.ts';

type Texts = readonly [title: string, body?: string];

/** Texts in four languages; a title of 30 letters fits twice on the paper. */
function texts(de: Texts, fr: Texts, it: Texts, en: Texts): Record<string, CouponTexts> {
  const legal = {
    de: 'Nur ein Bon pro Einkauf. Nicht mit Bargeld auszahlbar. Keine Kumulation mit anderen Rabatten auf denselben Artikel.',
    fr: 'Un seul bon par achat. Non convertible en espèces. Non cumulable avec d’autres rabais sur le même article.',
    it: 'Un solo buono per spesa. Non convertibile in contanti. Non cumulabile con altri sconti sullo stesso articolo.',
    en: 'One coupon per purchase. No cash value. Not combined with other discounts on the same article.',
  };
  const one = ([title, body]: Texts, small: string): CouponTexts => ({
    title,
    ...(body === undefined ? {} : { body }),
    legal: small,
  });
  return { de: one(de, legal.de), fr: one(fr, legal.fr), it: one(it, legal.it), en: one(en, legal.en) };
}

function terms(more: Partial<CouponTerms> & Pick<CouponTerms, 'texts'>): CouponTerms {
  return { validFromDays: 0, validDays: 14, barcode: 'qr', offline: 'accept', ...more };
}

/**
 * @param today local date of the demo's start; schedules and validity are set around it
 */
export function sampleBundle(today: string): Bundle {
  const day = (offset: number) =>
    new Date(Date.parse(`${today}T12:00:00Z`) + offset * 86_400_000).toISOString().slice(0, 10);
  return {
    format: 'tillside/bundle/1',
    id: 'weekly',
    version: 1,
    createdAt: `${day(-1)}T04:00:00+00:00`,
    notAfter: `${day(60)}T22:59:59+00:00`,
    currency: 'CHF',
    timezone: 'Europe/Zurich',
    defaultLanguage: 'de',
    cardSchemes: [
      { id: 'club', prefix: '2501', length: 13, check: 'gs1-mod10', symbologies: ['EAN13', 'CODE128', 'QR'] },
    ],
    loyalty: {
      tiers: [
        { id: 'basic', from: 0 },
        { id: 'silver', from: 1000 },
        { id: 'gold', from: 5000 },
      ],
    },
    contactPolicies: [
      { id: 'coupons-a-week', class: 'coupon', per: 'member', limit: 12, window: { days: 7 } },
      { id: 'reminders-a-month', class: 'reminder', per: 'member', limit: 2, window: { calendar: 'month' } },
      { id: 'household-a-day', class: 'coupon', per: 'household', limit: 8, window: { calendar: 'day' } },
    ],
    selection: { couponsPerSale: 3, perCategory: 1 },
    retiredOffers: ['summer-grill'],
    offers: [...discounts(day), ...points(), ...coupons(day)],
  };
}

function discounts(day: (offset: number) => string): Offer[] {
  return [
    {
      id: 'bread-evening',
      version: 1,
      name: 'Bread 30 % off in the evening',
      campaign: 'fresh',
      phase: 'line',
      sequence: 10,
      schedule: { times: [{ from: '18:00', to: '21:00' }] },
      benefit: { percent: { permyriad: 3000, of: { category: ['food/bakery'] } } },
    },
    {
      id: 'chocolate-3-for-2',
      version: 1,
      name: 'Chocolate bars: 3 for 2',
      campaign: 'sweet-weeks',
      phase: 'line',
      sequence: 20,
      schedule: { from: day(-7), to: day(21) },
      benefit: { nForM: { take: 3, pay: 2, of: { category: ['food/sweets/chocolate'] } } },
    },
    {
      id: 'pasta-price',
      version: 1,
      name: 'Spaghetti and penne for 1.50',
      campaign: 'pantry',
      phase: 'line',
      sequence: 30,
      benefit: {
        price: {
          unitPrice: 150,
          of: { all: [{ category: ['food/pantry/pasta'] }, { brand: ['Casa Nostra'] }] },
          maxItems: 4,
        },
      },
    },
    {
      id: 'bananas-kilo',
      version: 1,
      name: 'Bananas at 2.20 a kilo',
      campaign: 'fresh',
      phase: 'line',
      sequence: 30,
      benefit: {
        price: { unitPrice: 220, of: { all: [{ category: ['food/fruit-veg/fruit'] }, { brand: ['Frischmarkt'] }] } },
      },
    },
    {
      id: 'detergent-second-half',
      version: 1,
      name: 'Second household article at half price',
      campaign: 'home',
      phase: 'line',
      sequence: 40,
      when: { items: { of: { category: ['home'] }, atLeast: 2 } },
      benefit: { percent: { permyriad: 5000, of: { category: ['home'] }, maxItems: 1, pick: 'cheapest' } },
    },
    {
      id: 'digital-fruit',
      version: 1,
      name: 'Fruit 15 % off, activated in the app',
      campaign: 'digital',
      phase: 'line',
      sequence: 50,
      trigger: 'digital',
      benefit: { percent: { permyriad: 1500, of: { category: ['food/fruit-veg/fruit'] }, maxAmount: 500 } },
    },
    {
      id: 'vegan-each',
      version: 1,
      name: '0.50 off every plant-based article for vegans',
      campaign: 'diet',
      phase: 'line',
      sequence: 50,
      audience: { attribute: { name: 'diet', in: ['vegan', 'vegetarian'] } },
      benefit: { amount: { off: 50, of: { category: ['food/vegan'] }, each: true, maxItems: 6 } },
    },
    {
      id: 'gold-5',
      version: 1,
      name: 'Gold members: 5 % on the basket, 50.00 at most',
      campaign: 'loyalty',
      phase: 'basket',
      sequence: 10,
      audience: { tier: { atLeast: 'gold' } },
      benefit: { percent: { permyriad: 500, maxAmount: 5000 } },
    },
    {
      id: 'basket-100',
      version: 1,
      name: '8.00 off from 100.00',
      campaign: 'baskets',
      phase: 'basket',
      sequence: 20,
      group: 'basket-amount',
      when: { spend: { atLeast: 10000 } },
      benefit: { amount: { off: 800 } },
    },
    {
      id: 'birthday-message',
      version: 1,
      name: 'Happy birthday',
      campaign: 'loyalty',
      phase: 'basket',
      sequence: 90,
      audience: { birthday: { within: 3 } },
      benefit: { text: {} },
    },
  ];
}

function points(): Offer[] {
  return [
    {
      id: 'points-base',
      version: 1,
      name: '1 point a franc',
      campaign: 'loyalty',
      phase: 'points',
      sequence: 10,
      benefit: { points: { per: 100, earn: 1 } },
    },
    {
      id: 'points-breakfast',
      version: 1,
      name: '20 points with breakfast',
      campaign: 'breakfast',
      phase: 'points',
      sequence: 20,
      when: { items: { of: { category: ['food/pantry/breakfast', 'food/bakery'] }, atLeast: 2 } },
      benefit: { points: { fixed: 20 } },
    },
    {
      id: 'points-double-gold',
      version: 1,
      name: 'Double points for gold',
      campaign: 'loyalty',
      phase: 'points',
      sequence: 90,
      audience: { tier: { is: 'gold' } },
      benefit: { points: { multiply: 20000 } },
    },
  ];
}

function coupons(day: (offset: number) => string): Offer[] {
  const issue = (offer: Omit<Offer, 'version' | 'phase'>): Offer => ({
    version: 1,
    phase: 'issue',
    contact: { class: 'coupon' },
    consent: 'coupons',
    ...offer,
  });
  return [
    issue({
      id: 'welcome',
      name: 'Welcome: 5.00 off the next purchase',
      campaign: 'welcome',
      priority: 900,
      audience: { memberDays: { atMost: 14 } },
      caps: [{ scope: 'member', limit: 1 }],
      benefit: { amount: { off: 500 } },
      coupon: terms({
        validFromDays: 1,
        validDays: 30,
        redeem: { spend: { atLeast: 2000 } },
        texts: texts(
          ['5.00 Willkommensbon', 'Beim nächsten Einkauf ab 20.00'],
          ['5.00 Bon de bienvenue', 'Au prochain achat dès 20.00'],
          ['5.00 Buono di benvenuto', 'Alla prossima spesa da 20.00'],
          ['5.00 welcome coupon', 'Off your next purchase from 20.00'],
        ),
      }),
    }),
    issue({
      id: 'welcome-second',
      name: 'After the welcome coupon: 10 % on coffee and tea',
      campaign: 'welcome',
      priority: 700,
      after: { offer: 'welcome', outcome: 'redeemed', maxDays: 30 },
      caps: [{ scope: 'member', limit: 1 }],
      benefit: { percent: { permyriad: 1000, of: { category: ['food/drinks/coffee', 'food/drinks/tea'] } } },
      coupon: terms({
        category: 'drinks',
        texts: texts(
          ['10 % auf Kaffee & Tee'],
          ['10 % sur café & thé'],
          ['10 % su caffè & tè'],
          ['10 % off coffee & tea'],
        ),
      }),
    }),
    issue({
      id: 'welcome-reminder',
      name: 'Reminder of the unused welcome coupon',
      campaign: 'welcome',
      priority: 750,
      contact: { class: 'reminder' },
      after: { offer: 'welcome', outcome: 'unredeemed', minDays: 10 },
      caps: [{ scope: 'member', limit: 1 }],
      benefit: { amount: { off: 600 } },
      coupon: terms({
        validDays: 10,
        texts: texts(
          ['6.00 geschenkt', 'Ihr Willkommensbon wartet noch – hier gibt es einen Franken mehr'],
          ['6.00 offerts', 'Votre bon de bienvenue vous attend – un franc de plus ici'],
          ['6.00 in regalo', 'Il suo buono di benvenuto aspetta – qui un franco in più'],
          ['6.00 for you', 'Your welcome coupon still waits – here is one franc more'],
        ),
      }),
    }),
    issue({
      id: 'coffee-20',
      name: '20 % on coffee after buying coffee',
      campaign: 'coffee',
      priority: 400,
      when: { spend: { of: { category: ['food/drinks/coffee'] }, atLeast: 900 } },
      benefit: { percent: { permyriad: 2000, of: { category: ['food/drinks/coffee'] }, maxItems: 3 } },
      coupon: terms({
        category: 'drinks',
        texts: texts(
          ['20 % auf Kaffee', 'Auf bis zu drei Packungen'],
          ['20 % sur le café', 'Jusqu’à trois paquets'],
          ['20 % sul caffè', 'Fino a tre confezioni'],
          ['20 % off coffee', 'On up to three packs'],
        ),
      }),
    }),
    issue({
      id: 'tea-for-coffee',
      name: 'Tea for coffee lovers, with a control group',
      campaign: 'coffee',
      priority: 380,
      audience: { segment: 'coffee-lover' },
      experiment: {
        salt: 'tea-1',
        holdout: 1000,
        variants: [
          { id: 'a', weight: 1 },
          { id: 'b', weight: 1, benefit: { amount: { off: 150, of: { category: ['food/drinks/tea'] } } } },
        ],
      },
      benefit: { amount: { off: 100, of: { category: ['food/drinks/tea'] } } },
      coupon: terms({
        category: 'drinks',
        texts: texts(
          ['Tee entdecken', 'Rabatt auf alle Tees'],
          ['Découvrir le thé', 'Rabais sur tous les thés'],
          ['Scopri il tè', 'Sconto su tutti i tè'],
          ['Discover tea', 'Money off all teas'],
        ),
      }),
    }),
    issue({
      id: 'breakfast-musli',
      name: 'Muesli for those who buy breakfast',
      campaign: 'breakfast',
      priority: 360,
      audience: { attribute: { name: 'buysBreakfast', in: [true] } },
      when: { not: { items: { of: { category: ['food/pantry/breakfast'] }, atLeast: 1 } } },
      benefit: { amount: { off: 150, of: { category: ['food/pantry/breakfast'] } } },
      coupon: terms({
        category: 'breakfast',
        texts: texts(
          ['1.50 auf Müesli, Honig & Konfitüre'],
          ['1.50 sur muesli, miel & confiture'],
          ['1.50 su müesli, miele & confettura'],
          ['1.50 off muesli, honey & jam'],
        ),
      }),
    }),
    issue({
      id: 'wine-club',
      name: 'Wine friends: 6.00 off two bottles',
      campaign: 'wine',
      priority: 420,
      audience: { segment: 'wine-friends' },
      schedule: { days: ['thu', 'fri', 'sat'] },
      benefit: { amount: { off: 600, of: { category: ['food/drinks/wine'] } } },
      coupon: terms({
        category: 'wine',
        redeem: { items: { of: { category: ['food/drinks/wine'] }, atLeast: 2 } },
        texts: texts(
          ['6.00 auf 2 Flaschen Wein'],
          ['6.00 sur 2 bouteilles de vin'],
          ['6.00 su 2 bottiglie di vino'],
          ['6.00 off 2 bottles of wine'],
        ),
      }),
    }),
    issue({
      id: 'fresh-vegetables',
      name: '10 % on fruit and vegetables on the next visit',
      campaign: 'fresh',
      priority: 200,
      when: { spend: { atLeast: 2500 } },
      benefit: { percent: { permyriad: 1000, of: { category: ['food/fruit-veg'] } } },
      coupon: terms({
        category: 'fresh',
        validFromDays: 1,
        validDays: 10,
        texts: texts(
          ['10 % auf Früchte & Gemüse'],
          ['10 % sur fruits & légumes'],
          ['10 % su frutta & verdura'],
          ['10 % off fruit & vegetables'],
        ),
      }),
    }),
    issue({
      id: 'next-visit',
      name: '3.00 on the next visit from 40.00',
      campaign: 'baskets',
      priority: 150,
      group: 'next',
      when: { spend: { atLeast: 4000, atMost: 9999 } },
      benefit: { amount: { off: 300 } },
      coupon: terms({
        validFromDays: 1,
        redeem: { spend: { atLeast: 3000 } },
        texts: texts(
          ['3.00 Rabatt', 'Ab 30.00 beim nächsten Besuch'],
          ['3.00 de rabais', 'Dès 30.00 à la prochaine visite'],
          ['3.00 di sconto', 'Da 30.00 alla prossima visita'],
          ['3.00 off', 'From 30.00 on your next visit'],
        ),
      }),
    }),
    issue({
      id: 'next-visit-big',
      name: '10.00 on the next visit from 100.00',
      campaign: 'baskets',
      priority: 300,
      group: 'next',
      when: { spend: { atLeast: 10000 } },
      benefit: { amount: { off: 1000 } },
      coupon: terms({
        validFromDays: 1,
        redeem: { spend: { atLeast: 8000 } },
        texts: texts(
          ['10.00 Rabatt', 'Ab 80.00 beim nächsten Besuch'],
          ['10.00 de rabais', 'Dès 80.00 à la prochaine visite'],
          ['10.00 di sconto', 'Da 80.00 alla prossima visita'],
          ['10.00 off', 'From 80.00 on your next visit'],
        ),
      }),
    }),
    issue({
      id: 'pets',
      name: 'Pet owners who bought no pet food',
      campaign: 'pets',
      priority: 310,
      audience: { segment: 'pet-owners' },
      when: { not: { bought: { of: { category: ['pets'] }, withinDays: 28 } } },
      benefit: { percent: { permyriad: 2500, of: { category: ['pets'] }, maxAmount: 800 } },
      coupon: terms({
        category: 'pets',
        texts: texts(
          ['25 % auf Tierfutter'],
          ['25 % sur l’alimentation animale'],
          ['25 % sugli alimenti per animali'],
          ['25 % off pet food'],
        ),
      }),
    }),
    issue({
      id: 'baby-points',
      name: '200 points with nappies',
      campaign: 'families',
      priority: 330,
      audience: { segment: 'families' },
      when: { items: { of: { category: ['food/baby'] }, atLeast: 1 } },
      benefit: { points: { fixed: 200 } },
      coupon: terms({
        category: 'family',
        redeem: { items: { of: { category: ['food/baby'] }, atLeast: 1 } },
        texts: texts(
          ['200 Punkte extra', 'Beim nächsten Kauf von Baby-Artikeln'],
          ['200 points en plus', 'Au prochain achat d’articles bébé'],
          ['200 punti extra', 'Al prossimo acquisto di articoli bebè'],
          ['200 extra points', 'With your next baby articles'],
        ),
      }),
    }),
    issue({
      id: 'fondue-bread',
      name: 'With fondue: free bread next time',
      campaign: 'fresh',
      priority: 350,
      schedule: { from: day(-30), to: day(90) },
      when: { items: { of: { category: ['food/dairy/cheese'] }, atLeast: 2 } },
      caps: [
        { scope: 'member', limit: 2, window: { days: 30 } },
        { scope: 'store', limit: 500, window: { calendar: 'day' } },
      ],
      benefit: { percent: { permyriad: 10000, of: { category: ['food/bakery/bread'] }, maxItems: 1, pick: 'dearest' } },
      coupon: terms({
        category: 'fresh',
        texts: texts(['Ein Brot geschenkt'], ['Un pain offert'], ['Un pane in regalo'], ['One bread for free']),
      }),
    }),
    issue({
      id: 'birthday',
      name: 'Birthday cake money',
      campaign: 'loyalty',
      priority: 800,
      audience: { birthday: { within: 7 } },
      caps: [{ scope: 'member', limit: 1, window: { days: 300 } }],
      benefit: { percent: { permyriad: 2000, of: { category: ['food/bakery/pastry', 'food/sweets'] } } },
      coupon: terms({
        validDays: 21,
        texts: texts(
          ['20 % auf Süsses zum Geburtstag'],
          ['20 % sur les douceurs pour votre anniversaire'],
          ['20 % sui dolci per il compleanno'],
          ['20 % off sweets for your birthday'],
        ),
      }),
    }),
    issue({
      id: 'win-back',
      name: 'We missed you: 15 % on the basket',
      campaign: 'win-back',
      priority: 600,
      audience: { all: [{ segment: 'lapsed' }, { tier: { atLeast: 'silver' } }] },
      benefit: { percent: { permyriad: 1500, maxAmount: 2000 } },
      coupon: terms({
        validFromDays: 1,
        bearer: false,
        offline: { upTo: 2000 },
        texts: texts(
          ['15 % auf den Einkauf', 'Schön, dass Sie wieder da sind'],
          ['15 % sur vos achats', 'Quel plaisir de vous revoir'],
          ['15 % sulla spesa', 'Che bello rivederla'],
          ['15 % off your purchase', 'Good to have you back'],
        ),
      }),
    }),
    {
      id: 'everyone-snack',
      version: 1,
      name: 'For every customer: 1.00 off snacks',
      campaign: 'snacks',
      phase: 'issue',
      priority: 50,
      contact: { class: 'bearer' },
      when: { spend: { atLeast: 1000 } },
      benefit: { amount: { off: 100, of: { category: ['food/snacks'] } } },
      coupon: terms({
        category: 'snacks',
        bearer: true,
        barcode: 'qr',
        validDays: 7,
        texts: texts(
          ['1.00 auf Apéro & Snacks'],
          ['1.00 sur apéritif & snacks'],
          ['1.00 su aperitivo & snack'],
          ['1.00 off snacks'],
        ),
      }),
    },
  ];
}
