/** Italian. */
import type { Weekday } from '../types.ts';
import { isRange, type Range, type Sentences, type Span } from './sentences.ts';

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
const who = { member: 'cliente', household: 'famiglia', store: 'filiale' };

export const it: Sentences = {
  discount: amount => `Toglie ${amount} di sconto.`,
  message: 'Mostra il suo messaggio.',
  printed: (title, from, to) => `Stampa il buono «${title}», valido dal ${from} al ${to}.`,
  points: points => `Dà ${points} punti.`,
  heldOut: 'Tralasciato apposta: il cliente è nel gruppo di controllo.',
  notPrinted: 'Non stampato: ',
  notGiven: 'Non concesso: ',
  noPoints: 'Nessun punto: ',
  couponRefused: serial => `Buono ${serial} non accettato: `,
  bundleOver: date => `le offerte sono scadute il ${date}, la centrale deve inviarne di nuove`,
  startsOn: date => `inizia il ${date}`,
  endedOn: date => `è finita il ${date}`,
  otherDays: list =>
    list.length === 0 ? 'non vale in nessun giorno' : `vale solo di ${list.map(day => days[day]).join(', ')}`,
  otherHours: hours => (hours.length === 0 ? 'non vale a nessuna ora' : `vale solo ${hours.join(', ')}`),
  store: store => `non vale nella filiale ${store}`,
  noCoupon: 'richiede il suo buono, e non ne è stato consegnato nessuno',
  notActivated: 'il cliente non l’ha attivata',
  noMember: 'solo per membri, e non è stata mostrata nessuna carta',
  consent: consent => `il cliente non ha acconsentito a «${consent}»`,
  chain: (offer, outcome, r, found) =>
    `richiede un buono «${offer}» ${{ issued: 'stampato', redeemed: 'riscattato', expired: 'scaduto', unredeemed: 'stampato e ancora aperto' }[outcome]}${range(r) === '' ? '' : ` ${range(r)} giorni fa`}; ${found === null ? 'non ce n’è' : `era ${found} giorni fa`}`,
  cap: (scope, limit, span, found) =>
    `al massimo ${limit} per ${who[scope]}${spanText(span)}, ce ne sono già stati ${found}`,
  noLease: 'la quantità di questa offerta è esaurita a questa cassa',
  policy: (per, limit, span, found) =>
    `al massimo ${limit} buoni per ${who[per]}${spanText(span)}, ce ne sono già stati ${found}`,
  exclusive: by => `«${by}» si applica e non ammette altre offerte`,
  group: by => `«${by}» si applica al suo posto`,
  units: (needed, found) => `richiede ${needed} pezzi che nessun’altra offerta ha usato, ne restavano ${found}`,
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
  otherWays: number => ` (anche ${number} altre possibilità non erano soddisfatte)`,
  never: 'le sue condizioni non sono mai soddisfatte',
  spend: (r, of) => `${range(r)}${of === null ? ' di spesa' : ` di ${of}`}`,
  items: (r, of) => `${range(r)} pezzi${of === null ? '' : ` di ${of}`}`,
  bought: (r, of, within) => `${range(r)} acquisti precedenti di ${of} in ${within} giorni`,
  received: (r, offer, within) => `${range(r)} buoni «${offer}» stampati in ${within} giorni`,
  redeemed: (r, offer, within) => `${range(r)} buoni «${offer}» riscattati in ${within} giorni`,
  segment: segment => `il gruppo di clienti «${segment}»`,
  tier: (tier, orHigher) => `il livello «${tier}»${orHigher ? ' o superiore' : ''}`,
  attribute: (name, values) => `«${name}» ${isRange(values) ? open(values) : values.join(' o ')}`,
  memberDays: r => `un’iscrizione da ${open(r)} giorni`,
  birthday: within => `un compleanno entro ${within} giorni`,
  balance: r => `${open(r)} punti`,
  basketHad: found => `nel carrello c’era ${found}`,
  timesFound: found => `ne sono stati trovati ${found}`,
  memberHas: found => `il cliente ha ${found}`,
  unknown: 'e non se ne sa nulla',
  isInIt: 'il cliente ne fa parte',
  isNotInIt: 'il cliente non ne fa parte',
  someProducts: 'certi prodotti',
  article: gtin => `articolo ${gtin}`,
  or: ' o ',
  more: number => ` o altri ${number}`,
};

function range({ least, most }: Range): string {
  if (least !== undefined && most !== undefined)
    return least === most ? `esattamente ${least}` : `da ${least} a ${most}`;
  return least ?? (most === undefined ? '' : `al massimo ${most}`);
}

/** Says that a lower bound alone is one. */
function open(r: Range): string {
  return r.most === undefined && r.least !== undefined ? `almeno ${r.least}` : range(r);
}

function spanText(span: Span): string {
  if (span === null) return '';
  return 'days' in span ? ` in ${span.days} giorni` : ` e ${calendar[span.calendar]}`;
}
