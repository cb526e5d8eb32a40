/** Italian. */
import type { Weekday } from '../types.ts';
import { asksOne, isRange, type Range, type Sentences, type Span } from './sentences.ts';

const days: Readonly<Record<Weekday, string>> = {
  mon: 'lunedì',
  tue: 'martedì',
  wed: 'mercoledì',
  thu: 'giovedì',
  fri: 'venerdì',
  sat: 'sabato',
  sun: 'domenica',
};
const calendar = { day: 'giorno', week: 'settimana', month: 'mese' };
const listed = new Intl.ListFormat('it');
const spanOf = (number: string) => (number === '1' ? ' in 24 ore' : ` in ${number} giorni`);
const already = (found: string) => (found === '1' ? 'ce n’è già stato 1' : `ce ne sono già stati ${found}`);
const happened = { issued: 'stampato', redeemed: 'riscattato', expired: 'scaduto', unredeemed: 'stampato' };
const ago = (found: string) => (found === '0' ? 'oggi' : found === '1' ? 'ieri' : `${found} giorni fa`);
const who = { member: 'cliente', household: 'famiglia', store: 'filiale' };

export const it: Sentences = {
  discount: amount => `Toglie ${amount} di sconto.`,
  message: 'Mostra il suo messaggio.',
  printed: (title, from, to) => `Stampa il buono «${title}», valido dal ${from} al ${to}.`,
  points: points => `Dà ${points} ${points === '1' ? 'punto' : 'punti'}.`,
  heldOut: 'Tralasciato apposta: il cliente è nel gruppo di controllo.',
  notPrinted: 'Non stampato: ',
  notGiven: 'Non concesso: ',
  noPoints: 'Nessun punto: ',
  couponRefused: serial => `Buono ${serial} non accettato: `,
  bundleOver: date => `le offerte sono scadute il ${date}, la centrale deve inviarne di nuove`,
  withdrawn: 'la centrale ha ritirato queste offerte e deve inviarne di nuove',
  startsOn: date => `inizia il ${date}`,
  endedOn: date => `è finita il ${date}`,
  otherDays: list =>
    list.length === 0 ? 'non vale in nessun giorno' : `vale solo di ${listed.format(list.map(day => days[day]))}`,
  otherHours: hours =>
    hours.length === 0
      ? 'non vale a nessuna ora'
      : `vale solo ${listed.format(hours.map(({ from, to }) => `dalle ${from} alle ${to}`))}`,
  store: store => `non vale nella filiale ${store}`,
  couponStore: store => `non è accettato nella filiale ${store}`,
  noCoupon: 'richiede il suo buono, e non ne è stato consegnato nessuno',
  notActivated: 'il cliente non l’ha attivata',
  noMember: 'solo per membri, e non è stata mostrata nessuna carta',
  consent: consent => `il cliente non ha acconsentito a «${consent}»`,
  chain: (offer, outcome, r, found) =>
    `richiede un buono «${offer}» ${happened[outcome]}${range(r) === '' ? '' : ` ${range(r)} ${asksOne(r) ? 'giorno' : 'giorni'} fa`}${outcome === 'unredeemed' ? ' e ancora aperto' : ''}; ${found === null ? 'non ce n’è' : `era ${ago(found)}`}`,
  cap: (scope, limit, span, found) => `al massimo ${limit} per ${who[scope]}${spanText(span)}, ${already(found)}`,
  noLease: 'la quantità di questa offerta è esaurita a questa cassa',
  policy: (per, limit, span, found) =>
    `al massimo ${limit} ${limit === '1' ? 'buono' : 'buoni'} di questo tipo per ${who[per]}${spanText(span)}, ${already(found)}`,
  exclusive: by => `«${by}» si applica e non ammette altre offerte`,
  group: by => `«${by}» si applica al suo posto`,
  units: (needed, found) =>
    `richiede ${needed} ${needed === '1' ? 'pezzo' : 'pezzi'} che nessun’altra offerta ha usato, ${found === '0' ? 'non ne restavano' : found === '1' ? 'ne restava 1' : `ne restavano ${found}`}`,
  notSelected: 'altri buoni valevano di più per i posti disponibili',
  unknownCoupon: 'nessuna offerta lo conosce',
  takesNoCoupon: 'questa offerta non accetta buoni',
  usedOn: date => `è già stato usato il ${date}`,
  presentedTwice: 'è stato consegnato due volte',
  validFrom: date => `è valido dal ${date}`,
  validTo: date => `era valido fino al ${date}`,
  boundGuest: 'appartiene a una famiglia, e non è stata mostrata nessuna carta',
  boundOther: 'appartiene a un’altra famiglia',
  needs: (asked, found) => `richiede ${asked}, ${found}`,
  excludes: (asked, found) => `escluso con ${asked}, ${found}`,
  onlyFor: (asked, found) => `solo per ${asked}, ${found}`,
  notFor: (asked, found) => `non per ${asked}, ${found}`,
  otherWays: number =>
    number === 1
      ? ' (anche un’altra possibilità non era soddisfatta)'
      : ` (anche ${number} altre possibilità non erano soddisfatte)`,
  never: 'le sue condizioni non sono mai soddisfatte',
  spend: (r, of) => `${range(r)}${of === null ? ' di spesa' : ` di ${of}`}`,
  items: (r, of) => `${range(r)} ${asksOne(r) ? 'pezzo' : 'pezzi'}${of === null ? '' : ` di ${of}`}`,
  bought: (r, of, within) =>
    `${range(r)} ${asksOne(r) ? 'acquisto precedente' : 'acquisti precedenti'} di ${of}${spanOf(within)}`,
  received: (r, offer, within) =>
    `${range(r)} ${asksOne(r) ? `buono «${offer}» stampato` : `buoni «${offer}» stampati`}${spanOf(within)}`,
  redeemed: (r, offer, within) =>
    `${range(r)} ${asksOne(r) ? `buono «${offer}» riscattato` : `buoni «${offer}» riscattati`}${spanOf(within)}`,
  segment: segment => `il gruppo di clienti «${segment}»`,
  tier: (tier, orHigher) => `il livello «${tier}»${orHigher ? ' o superiore' : ''}`,
  attribute: (name, values) => (isRange(values) ? `«${name}» di ${range(values)}` : `«${name}»: ${values.join(' o ')}`),
  memberDays: r => `un’iscrizione di ${range(r)} ${asksOne(r) ? 'giorno' : 'giorni'}`,
  birthday: within => `un compleanno entro ${within} ${within === '1' ? 'giorno' : 'giorni'}`,
  balance: r => `${range(r)} ${asksOne(r) ? 'punto' : 'punti'}`,
  basketHad: found => `il carrello ${found === '0' ? 'non ne conteneva' : `ne conteneva ${found}`}`,
  timesFound: found =>
    found === '0' ? 'non ce ne sono stati' : found === '1' ? 'ce n’è stato 1' : `ce ne sono stati ${found}`,
  daysAway: found => `dista ${found === '1' ? '1 giorno' : `${found} giorni`}`,
  memberHas: found => `il cliente ha ${found}`,
  unknown: 'e non se ne sa nulla',
  isInIt: 'il cliente ne fa parte',
  isNotInIt: 'il cliente non ne fa parte',
  someProducts: 'certi prodotti',
  article: gtin => `articolo ${gtin}`,
  or: ' o ',
  more: number => ` o altri ${number}`,
};

function range({ least, most, open }: Range): string {
  if (least !== undefined && most !== undefined)
    return least === most ? `esattamente ${least}` : `da ${least} a ${most}`;
  if (least !== undefined) return open ? `almeno ${least}` : least;
  return most === undefined ? '' : `al massimo ${most}`;
}

function spanText(span: Span): string {
  if (span === null) return '';
  return 'days' in span ? spanOf(String(span.days)) : ` e ${calendar[span.calendar]}`;
}
