/** German, as written in Switzerland. */
import type { Weekday } from '../types.ts';
import { asksOne, isRange, type Range, type Sentences, type Span } from './sentences.ts';

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
const listed = new Intl.ListFormat('de');
const bons = (r: Range) => `${range(r)} ${asksOne(r) ? 'Bon' : 'Bons'}`;
const spanOf = (number: string) => (number === '1' ? ' in 24 Stunden' : ` in ${number} Tagen`);
const already = (found: string) => `es ${found === '1' ? 'war' : 'waren'} schon ${found}`;
const happened = {
  issued: 'gedruckt wurde',
  redeemed: 'eingelöst wurde',
  expired: 'verfallen ist',
  unredeemed: 'gedruckt wurde und noch offen ist',
};
const ago = (found: string) => (found === '0' ? 'heute' : found === '1' ? 'gestern' : `vor ${found} Tagen`);
const who = { member: 'Kunde', household: 'Haushalt', store: 'Filiale' };

export const de: Sentences = {
  discount: amount => `Gibt ${amount} Rabatt.`,
  message: 'Zeigt seine Meldung.',
  printed: (title, from, to) => `Druckt den Bon «${title}», gültig vom ${from} bis ${to}.`,
  points: points => `Gibt ${points} ${points === '1' ? 'Punkt' : 'Punkte'}.`,
  heldOut: 'Absichtlich weggelassen: Der Kunde ist in der Kontrollgruppe.',
  notPrinted: 'Nicht gedruckt: ',
  notGiven: 'Nicht gewährt: ',
  noPoints: 'Keine Punkte: ',
  couponRefused: serial => `Bon ${serial} nicht angenommen: `,
  bundleOver: date => `die Angebote sind seit dem ${date} abgelaufen, die Zentrale muss neue schicken`,
  withdrawn: 'die Zentrale hat diese Angebote zurückgezogen und muss neue schicken',
  startsOn: date => `beginnt erst am ${date}`,
  endedOn: date => `ist seit dem ${date} vorbei`,
  otherDays: list =>
    list.length === 0 ? 'gilt an keinem Tag' : `gilt nur am ${listed.format(list.map(day => days[day]))}`,
  otherHours: hours =>
    hours.length === 0
      ? 'gilt zu keiner Zeit'
      : `gilt nur ${listed.format(hours.map(({ from, to }) => `von ${from} bis ${to} Uhr`))}`,
  store: store => `gilt in der Filiale ${store} nicht`,
  couponStore: store => `er wird in der Filiale ${store} nicht angenommen`,
  noCoupon: 'braucht seinen Bon, es wurde keiner abgegeben',
  notActivated: 'der Kunde hat es nicht aktiviert',
  noMember: 'nur für Mitglieder, es wurde keine Karte gezeigt',
  consent: consent => `der Kunde hat «${consent}» nicht zugestimmt`,
  chain: (offer, outcome, r, found) =>
    `braucht einen Bon «${offer}», der ${range(r) === '' ? '' : `vor ${range(r)} ${asksOne(r) ? 'Tag' : 'Tagen'} `}${happened[outcome]}; ${found === null ? 'es gibt keinen' : `es war ${ago(found)}`}`,
  cap: (scope, limit, span, found) => `höchstens ${limit} pro ${who[scope]}${spanText(span)}, ${already(found)}`,
  noLease: 'die Menge dieses Angebots ist an dieser Kasse aufgebraucht',
  policy: (per, limit, span, found) =>
    `höchstens ${limit} ${limit === '1' ? 'Bon' : 'Bons'} dieser Art pro ${who[per]}${spanText(span)}, ${already(found)}`,
  exclusive: by => `«${by}» gilt und lässt kein anderes Angebot daneben zu`,
  group: by => `«${by}» gilt an seiner Stelle`,
  units: (needed, found) =>
    `braucht ${needed} Stück, ${needed === '1' ? 'das' : 'die'} kein anderes Angebot schon genutzt hat, übrig ${found === '0' ? 'war keines' : found === '1' ? 'war 1' : `waren ${found}`}`,
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
  excludes: (asked, found) => `schliesst ${asked} aus, ${found}`,
  onlyFor: (asked, found) => `nur für ${asked}, ${found}`,
  notFor: (asked, found) => `nicht für ${asked}, ${found}`,
  otherWays: number =>
    number === 1 ? ' (ein anderer Weg ging auch nicht auf)' : ` (${number} andere Wege gingen auch nicht auf)`,
  never: 'seine Bedingungen sind nie erfüllt',
  spend: (r, of) => (of === null ? `einen Einkauf von ${range(r)}` : `${range(r)} für ${of}`),
  items: (r, of) => `${range(r)} Stück${of === null ? '' : ` von ${of}`}`,
  bought: (r, of, within) =>
    `${range(r)} ${asksOne(r) ? 'früheren Einkauf' : 'frühere Einkäufe'} von ${of}${spanOf(within)}`,
  received: (r, offer, within) => `${bons(r)} «${offer}» (gedruckt${spanOf(within)})`,
  redeemed: (r, offer, within) => `${bons(r)} «${offer}» (eingelöst${spanOf(within)})`,
  segment: segment => `die Kundengruppe «${segment}»`,
  tier: (tier, orHigher) => `die Stufe «${tier}»${orHigher ? ' oder höher' : ''}`,
  attribute: (name, values) =>
    isRange(values) ? `«${name}» von ${range(values)}` : `«${name}»: ${values.join(' oder ')}`,
  memberDays: r => `eine Mitgliedschaft von ${range(r)} ${asksOne(r) ? 'Tag' : 'Tagen'}`,
  birthday: within => `einen Geburtstag innert ${within} ${within === '1' ? 'Tag' : 'Tagen'}`,
  balance: r => `${range(r)} ${asksOne(r) ? 'Punkt' : 'Punkte'}`,
  basketHad: found => `im Korb war ${found === '0' ? 'nichts davon' : found}`,
  timesFound: found => `es gab ${found === '0' ? 'keine' : found}`,
  daysAway: found => `er ist ${found === '1' ? '1 Tag' : `${found} Tage`} entfernt`,
  memberHas: found => `der Kunde hat ${found}`,
  unknown: 'darüber ist nichts bekannt',
  isInIt: 'der Kunde ist darin',
  isNotInIt: 'der Kunde ist nicht darin',
  someProducts: 'bestimmten Produkten',
  article: gtin => `Artikel ${gtin}`,
  or: ' oder ',
  more: number => ` oder ${number} weiteren`,
};

function range({ least, most, open }: Range): string {
  if (least !== undefined && most !== undefined) return least === most ? `genau ${least}` : `${least} bis ${most}`;
  if (least !== undefined) return open ? `mindestens ${least}` : least;
  return most === undefined ? '' : `höchstens ${most}`;
}

function spanText(span: Span): string {
  if (span === null) return '';
  return 'days' in span ? spanOf(String(span.days)) : ` und ${calendar[span.calendar]}`;
}
