/** Coupons as shops print them, for the golden pictures: four languages on each of three widths. */
import type { CouponPrint } from '../../../agent/printing/layout.ts';
import type { PersonalityName } from '../../../drivers/virtual/printer-personalities.ts';
import { shopLogo } from './shop-logo.ts';

export interface SampleCoupon {
  readonly file: string;
  readonly printer: PersonalityName;
  readonly coupon: CouponPrint;
}

const dates = { validFrom: '2026-11-22', validTo: '2026-12-05' } as const;
const legalDe =
  'Gegen Abgabe dieses Bons an jeder Kasse. Ein Bon pro Einkauf, nicht mit anderen Rabatten kumulierbar. Ausgenommen Tabak, Spirituosen und Geschenkkarten. Keine Barauszahlung.';
const legalFr =
  "À remettre à la caisse. Un bon par achat, non cumulable avec d'autres rabais. Sauf tabac, spiritueux et cartes cadeaux. Pas de remboursement en espèces.";
const legalIt =
  'Da consegnare alla cassa. Un buono per acquisto, non cumulabile con altri sconti. Esclusi tabacchi, superalcolici e carte regalo. Nessun pagamento in contanti.';

export const sampleCoupons: readonly SampleCoupon[] = [
  {
    file: '01-de-48-percent',
    printer: 'TM-T20III',
    coupon: {
      ...dates,
      title: '20 % auf alle Bio-Produkte',
      benefitText: '20 %',
      body: 'Beim nächsten Einkauf ab CHF 30.–',
      legal: legalDe,
      serial: '7Q4K-9M2X-31',
      token: 'TS1.7Q4K9M2X31.AbCdEfGhIjKlMnOp',
      barcode: 'qr',
      storeName: 'Muster Markt Bern',
      languages: ['de'],
    },
  },
  {
    file: '02-fr-48-amount',
    printer: 'TM-m30',
    coupon: {
      ...dates,
      title: '5 francs de rabais sur votre panier de la semaine',
      benefitText: 'CHF 5.–',
      body: "Dès CHF 60.– d'achat, crémerie comprise",
      legal: legalFr,
      serial: 'K3V8-2RTA-07',
      token: 'TS1.K3V82RTA07.Zb9xQw3eRt5yUi7o',
      barcode: 'qr',
      storeName: 'Marché Muster Fribourg',
      languages: ['fr'],
    },
  },
  {
    file: '03-it-42-points',
    printer: 'TM-T88VI',
    coupon: {
      ...dates,
      title: 'su tutta la frutta e la verdura',
      benefitText: '3× punti',
      legal: legalIt,
      serial: 'M8ZD-41LP-55',
      token: 'TS1.M8ZD41LP55.Pq0oWn2iEb4uRv6y',
      barcode: 'qr',
      storeName: 'Mercato Muster Lugano',
      languages: ['it', 'de'],
      firstName: 'Chiara',
    },
  },
  {
    file: '04-en-42-free',
    printer: 'TM-T88VI',
    coupon: {
      validFrom: '2026-11-22',
      validTo: '2026-11-22',
      title: 'A coffee on the house',
      body: 'At the café beside the check-outs, any size, until we close.',
      serial: 'H2WJ-6C9N-80',
      token: 'TS1.H2WJ6C9N80.Lk8jHg6fDs4aPo2i',
      barcode: 'qr',
      storeName: 'Muster Market Zürich HB',
      languages: ['en'],
    },
  },
  {
    file: '05-de-32-clone',
    printer: 'silent-58',
    coupon: {
      ...dates,
      title: '15 % auf Ihren ganzen Einkauf',
      benefitText: '15 %',
      body: 'Als Dankeschön für Ihre Treue',
      legal: legalDe,
      serial: 'R5TY-3B8Q-19',
      token: 'TS1.R5TY3B8Q19.Mn7bVc5xZl3kJh1g',
      barcode: 'qr',
      storeName: 'Muster Markt Thun',
      languages: ['de'],
    },
  },
  {
    file: '06-fr-32-code128',
    printer: 'silent-58',
    coupon: {
      ...dates,
      title: '2 pour 1 sur les fromages à raclette',
      benefitText: '2 pour 1',
      legal: legalFr,
      serial: 'D4G7 1K06',
      token: 'D4G71K06',
      barcode: 'code128',
      storeName: 'Marché Muster Sion',
      languages: ['fr'],
    },
  },
  {
    file: '07-de-48-gs1-128',
    printer: 'TSP650II',
    coupon: {
      ...dates,
      title: 'CHF 10.– auf Weine ab sechs Flaschen',
      benefitText: 'CHF 10.–',
      legal: legalDe,
      serial: '(255)7612345678900004711',
      token: '(255)7612345678900004711(17)261205',
      barcode: 'gs1-128',
      storeName: 'Muster Vinothek',
      languages: ['de'],
    },
  },
  {
    file: '08-it-42-ean13',
    printer: 'SRP-350III',
    coupon: {
      ...dates,
      title: 'Sconto di 2 franchi sul caffè in grani',
      benefitText: 'CHF 2.–',
      legal: legalIt,
      serial: '9 812345 002004',
      token: '981234500200',
      barcode: 'ean13',
      storeName: 'Mercato Muster Chiasso',
      languages: ['it'],
    },
  },
  {
    file: '09-de-42-long-words',
    printer: 'TM-T88III',
    coupon: {
      ...dates,
      title: 'Kindergeburtstagsdekorationsartikel zum halben Preis',
      benefitText: '½ Preis',
      body: 'Lampions, Girlanden, Luftballone, Kerzen und Einladungskarten – alles fürs Fest.',
      legal: legalDe,
      serial: 'V6XN-0E5S-42',
      token: 'TS1.V6XN0E5S42.Yt9rEw7qUi5oPa3s',
      barcode: 'qr',
      storeName: 'Muster Markt Wallisellen-Glattzentrum',
      languages: ['de'],
    },
  },
  {
    file: '10-en-48-reprint',
    printer: 'CT-S310II',
    coupon: {
      ...dates,
      title: '€ 3 off pasta, rice and pulses',
      benefitText: '€ 3 off',
      legal:
        'One voucher per purchase. Not for resale. No cash value. “Pulses” means lentils, beans and chickpeas – dry or tinned.',
      serial: 'B1QM-8U3F-66',
      token: 'TS1.B1QM8U3F66.Gh4jKl6zXc8vBn0m',
      barcode: 'qr',
      storeName: 'Muster Market Geneva',
      languages: ['en', 'fr'],
      firstName: 'Łukasz',
      reprint: true,
    },
  },
  {
    file: '11-de-48-bare',
    printer: 'generic-80',
    coupon: {
      ...dates,
      title: 'Gratis Gipfeli',
      serial: 'A9LC-7I2O-13',
      token: 'TS1.A9LC7I2O13.Qa1wSz3xEd5cRf7v',
      barcode: 'qr',
      languages: ['de'],
    },
  },
  {
    file: '12-fr-42-everything',
    printer: 'TM-T88VI',
    coupon: {
      ...dates,
      title: "Votre anniversaire, c'est cette semaine : un gâteau offert",
      benefitText: 'Bon anniversaire !',
      body: 'Choisissez parmi nos cœurs au chocolat, tartes aux myrtilles ou forêts-noires (jusqu’à 6 personnes).',
      legal: legalFr,
      serial: 'N0PF-5A4K-98',
      token: 'TS1.N0PF5A4K98.Tg2yHn4uJm6iKo8l',
      barcode: 'qr',
      storeName: 'Marché Muster Lausanne',
      languages: ['fr'],
      firstName: 'Zoë',
      reprint: true,
    },
  },
  {
    file: '13-it-32-three-for-two',
    printer: 'silent-58',
    coupon: {
      ...dates,
      title: '3 per 2 su tutti i biscotti e le fette biscottate',
      benefitText: '3 per 2',
      body: 'Il più conveniente è gratuito',
      legal: legalIt,
      serial: 'W2HT-9P4S-27',
      token: 'TS1.W2HT9P4S27.Xc3vBn6mQw8eRt1y',
      barcode: 'qr',
      storeName: 'Mercato Muster Bellinzona',
      languages: ['it'],
      firstName: 'Niccolò',
    },
  },
  {
    file: '14-en-32-logo',
    printer: 'silent-58',
    coupon: {
      ...dates,
      title: '25 % off everything from the bakery after 6 p.m.',
      benefitText: '25 %',
      legal:
        'One voucher per purchase, not with other offers. No cash value. Excludes gift cards, tobacco and spirits. Valid at all branches but railway stations.',
      serial: 'E7UC-0D5X-91',
      token: 'TS1.E7UC0D5X91.Hj2kLz5xCv8bNm0q',
      barcode: 'qr',
      storeName: 'Muster Market Basel',
      logo: shopLogo,
      languages: ['en'],
      reprint: true,
    },
  },
  {
    file: '15-it-48-logo',
    printer: 'TM-T20III',
    coupon: {
      ...dates,
      title: 'Un panettone artigianale',
      benefitText: 'CHF 8.–',
      body: "Con un acquisto di almeno CHF 80.–, fino all'Immacolata",
      legal: legalIt,
      serial: 'J5YB-3N8G-64',
      token: 'TS1.J5YB3N8G64.Po9iUy7tRe4wQa2s',
      barcode: 'qr',
      storeName: 'Mercato Muster Locarno',
      logo: shopLogo,
      languages: ['it'],
    },
  },
  {
    file: '16-fr-42-logo-gs1-128',
    printer: 'TM-T88VI',
    coupon: {
      ...dates,
      title: 'sur les fruits et légumes de la région',
      benefitText: '30 %',
      legal: legalFr,
      serial: '(255)7612345678900004711',
      token: '(255)7612345678900004711(17)261205',
      barcode: 'gs1-128',
      storeName: 'Marché Muster Neuchâtel',
      logo: shopLogo,
      languages: ['fr'],
      firstName: 'Maëlle',
    },
  },
];
