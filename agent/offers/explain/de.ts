/** German, as written in Switzerland. */
import type { Weekday } from '../types.ts';
import { isRange, type Range, type Sentences, type Span } from './sentences.ts';

const days: Readonly<Record<Weekday, string>> = {
  mon: 'Montag',
  tue: 'Dienstag',
  wed: 'Mittwoch',
  thu: 'Donnerstag',
  fri: 'Freitag',
  sat: 'Samstag',
  sun: 'Sonntag',
};
const calendar = { day: 'Tag', week: 'Woche', month: 'Monat' };
const who = { member: 'Kunde', household: 'Haushalt', store: 'Filiale' };

export const de: Sentences = {
  discount: amount => `Gibt ${amount} Rabatt.`,
  message: 'Zeigt seine Meldung.',
  printed: (title, from, to) => `Druckt den Bon «${title}», gültig vom ${from} bis ${to}.`,
  points: points => `Gibt ${points} Punkte.`,
  heldOut: 'Absichtlich weggelassen: Der Kunde ist in der Kontrollgruppe.',
  notPrinted: 'Nicht gedruckt: ',
  notGiven: 'Nicht gewährt: ',
  noPoints: 'Keine Punkte: ',
  couponRefused: serial => `Bon ${serial} nicht angenommen: `,
  bundleOver: date => `die Angebote sind seit dem ${date} abgelaufen, die Zentrale muss neue schicken`,
  startsOn: date => `beginnt erst am ${date}`,
  endedOn: date => `ist seit dem ${date} vorbei`,
  otherDays: list =>
    list.length === 0 ? 'gilt an keinem Tag' : `gilt nur am ${list.map(day => days[day]).join(', ')}`,
  otherHours: hours => (hours.length === 0 ? 'gilt zu keiner Zeit' : `gilt nur ${hours.join(', ')} Uhr`),
  store: store => `gilt in der Filiale ${store} nicht`,
  noCoupon: 'braucht seinen Bon, es wurde keiner abgegeben',
  notActivated: 'der Kunde hat es nicht aktiviert',
  noMember: 'nur für Mitglieder, es wurde keine Karte gezeigt',
  consent: consent => `der Kunde hat «${consent}» nicht zugestimmt`,
  chain: (offer, outcome, r, found) =>
    `braucht einen Bon «${offer}», der ${range(r) === '' ? '' : `vor ${range(r)} Tagen `}${{ issued: 'gedruckt wurde', redeemed: 'eingelöst wurde', expired: 'verfallen ist', unredeemed: 'gedruckt wurde und noch offen ist' }[outcome]}; ${found === null ? 'es gibt keinen' : `es war vor ${found} Tagen`}`,
  cap: (scope, limit, span, found) => `höchstens ${limit} pro ${who[scope]}${spanText(span)}, es waren schon ${found}`,
  noLease: 'die Menge dieses Angebots ist an dieser Kasse aufgebraucht',
  policy: (per, limit, span, found) =>
    `höchstens ${limit} Bons pro ${who[per]}${spanText(span)}, es waren schon ${found}`,
  exclusive: by => `«${by}» gilt und lässt kein anderes Angebot daneben zu`,
  group: by => `«${by}» gilt an seiner Stelle`,
  units: (needed, found) => `braucht ${needed} Stück, die kein anderes Angebot schon genutzt hat, übrig waren ${found}`,
  notSelected: 'andere Bons waren für die vorhandenen Plätze mehr wert',
  unknownCoupon: 'kein Angebot kennt ihn',
  takesNoCoupon: 'dieses Angebot nimmt keine Bons',
  usedOn: date => `er wurde am ${date} schon eingelöst`,
  presentedTwice: 'er wurde zweimal abgegeben',
  validFrom: date => `er gilt erst ab ${date}`,
  validTo: date => `er galt bis ${date}`,
  boundGuest: 'er gehört zu einem Haushalt, es wurde keine Karte gezeigt',
  boundOther: 'er gehört zu einem anderen Haushalt',
  needs: (asked, found) => `braucht ${asked}, ${found}`,
  excludes: (asked, found) => `nicht bei ${asked}, ${found}`,
  otherWays: number => ` (${number} andere Wege gingen auch nicht auf)`,
  never: 'seine Bedingungen sind nie erfüllt',
  spend: (r, of) => `${range(r)}${of === null ? ' Einkauf' : ` für ${of}`}`,
  items: (r, of) => `${range(r)} Stück${of === null ? '' : ` von ${of}`}`,
  bought: (r, of, within) => `${range(r)} frühere Einkäufe von ${of} in ${within} Tagen`,
  received: (r, offer, within) => `${range(r)} gedruckte Bons «${offer}» in ${within} Tagen`,
  redeemed: (r, offer, within) => `${range(r)} eingelöste Bons «${offer}» in ${within} Tagen`,
  segment: segment => `die Kundengruppe «${segment}»`,
  tier: (tier, orHigher) => `die Stufe «${tier}»${orHigher ? ' oder höher' : ''}`,
  attribute: (name, values) => `«${name}» ${isRange(values) ? open(values) : values.join(' oder ')}`,
  memberDays: r => `eine Mitgliedschaft von ${open(r)} Tagen`,
  birthday: within => `einen Geburtstag innert ${within} Tagen`,
  balance: r => `${open(r)} Punkte`,
  basketHad: found => `im Korb war ${found}`,
  timesFound: found => `gefunden wurden ${found}`,
  memberHas: found => `der Kunde hat ${found}`,
  unknown: 'darüber ist nichts bekannt',
  isInIt: 'der Kunde ist darin',
  isNotInIt: 'der Kunde ist nicht darin',
  someProducts: 'bestimmten Produkten',
  article: gtin => `Artikel ${gtin}`,
  or: ' oder ',
  more: number => ` oder ${number} weiteren`,
};

function range({ least, most }: Range): string {
  if (least !== undefined && most !== undefined) return least === most ? `genau ${least}` : `${least} bis ${most}`;
  return least ?? (most === undefined ? '' : `höchstens ${most}`);
}

/** Says that a lower bound alone is one. */
function open(r: Range): string {
  return r.most === undefined && r.least !== undefined ? `mindestens ${r.least}` : range(r);
}

function spanText(span: Span): string {
  if (span === null) return '';
  return 'days' in span ? ` in ${span.days} Tagen` : ` und ${calendar[span.calendar]}`;
}
