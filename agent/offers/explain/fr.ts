/** French. */
import type { Weekday } from '../types.ts';
import { asksOne, isRange, type Range, type Sentences, type Span } from './sentences.ts';

const days: Readonly<Record<Weekday, string>> = {
  mon: 'lundi',
  tue: 'mardi',
  wed: 'mercredi',
  thu: 'jeudi',
  fri: 'vendredi',
  sat: 'samedi',
  sun: 'dimanche',
};
const calendar = { day: 'jour', week: 'semaine', month: 'mois' };
/** « de », elided before a vowel. */
const de = (text: string) => (/^[aâàeéèêiîoôuy]/i.test(text) ? `d’${text}` : `de ${text}`);
const listed = new Intl.ListFormat('fr');
const spanOf = (number: string) => (number === '1' ? ' en 24 heures' : ` en ${number} jours`);
const happened = { issued: 'imprimé', redeemed: 'utilisé', expired: 'expiré', unredeemed: 'imprimé' };
const ago = (found: string) => (found === '0' ? 'aujourd’hui' : found === '1' ? 'hier' : `il y a ${found} jours`);
const who = { member: 'client', household: 'ménage', store: 'magasin' };

export const fr: Sentences = {
  discount: amount => `Accorde ${amount} de rabais.`,
  message: 'Affiche son message.',
  printed: (title, from, to) => `Imprime le bon « ${title} », valable du ${from} au ${to}.`,
  points: points => `Donne ${points} ${points === '1' ? 'point' : 'points'}.`,
  heldOut: 'Omis exprès : ce client fait partie du groupe témoin.',
  notPrinted: 'Non imprimé : ',
  notGiven: 'Non accordé : ',
  noPoints: 'Pas de points : ',
  couponRefused: serial => `Bon ${serial} refusé : `,
  bundleOver: date => `les offres ont expiré le ${date}, la centrale doit en envoyer de nouvelles`,
  withdrawn: 'la centrale a retiré ces offres et doit en envoyer de nouvelles',
  startsOn: date => `commence le ${date}`,
  endedOn: date => `a pris fin le ${date}`,
  otherDays: list =>
    list.length === 0
      ? 'n’est valable aucun jour'
      : `n’est valable que le ${listed.format(list.map(day => days[day]))}`,
  otherHours: hours =>
    hours.length === 0
      ? 'n’est valable à aucune heure'
      : `n’est valable que ${listed.format(hours.map(({ from, to }) => `de ${from} à ${to}`))}`,
  store: store => `n’est pas proposé dans le magasin ${store}`,
  couponStore: store => `il n’est pas accepté dans le magasin ${store}`,
  noCoupon: 'demande son bon, et aucun n’a été remis',
  notActivated: 'le client ne l’a pas activé',
  noMember: 'réservé aux membres, et aucune carte n’a été présentée',
  consent: consent => `le client n’a pas donné son accord « ${consent} »`,
  chain: (offer, outcome, r, found) =>
    `demande un bon « ${offer} » ${happened[outcome]}${range(r) === '' ? '' : ` il y a ${range(r)} ${asksOne(r) ? 'jour' : 'jours'}`}${outcome === 'unredeemed' ? ' et encore ouvert' : ''} ; ${found === null ? 'il n’y en a pas' : `c’était ${ago(found)}`}`,
  cap: (scope, limit, span, found) => `au plus ${limit} par ${who[scope]}${spanText(span)}, il y en a déjà eu ${found}`,
  noLease: 'la quantité de cette offre est épuisée à cette caisse',
  policy: (per, limit, span, found) =>
    `au plus ${limit} ${limit === '1' ? 'bon' : 'bons'} de ce genre par ${who[per]}${spanText(span)}, il y en a déjà eu ${found}`,
  exclusive: by => `« ${by} » s’applique et n’admet aucune autre offre`,
  group: by => `« ${by} » s’applique à sa place`,
  units: (needed, found) =>
    `demande ${needed === '1' ? '1 pièce qu’aucune autre offre n’a utilisée' : `${needed} pièces qu’aucune autre offre n’a utilisées`}, il ${found === '0' ? 'n’en restait aucune' : `en restait ${found}`}`,
  notSelected: 'd’autres bons valaient plus pour les places disponibles',
  unknownCoupon: 'aucune offre ne le connaît',
  takesNoCoupon: 'cette offre n’accepte pas de bon',
  usedOn: date => `il a déjà été utilisé le ${date}`,
  presentedTwice: 'il a été remis deux fois',
  validFrom: date => `il est valable à partir du ${date}`,
  validTo: date => `il était valable jusqu’au ${date}`,
  boundGuest: 'il appartient à un ménage, et aucune carte n’a été présentée',
  boundOther: 'il appartient à un autre ménage',
  needs: (asked, found) => `demande ${asked}, ${found}`,
  excludes: (asked, found) => `exclu avec ${asked}, ${found}`,
  onlyFor: (asked, found) => `seulement pour ${asked}, ${found}`,
  notFor: (asked, found) => `pas pour ${asked}, ${found}`,
  otherWays: number =>
    number === 1
      ? ' (une autre possibilité n’était pas remplie non plus)'
      : ` (${number} autres possibilités n’étaient pas remplies non plus)`,
  never: 'ses conditions ne sont jamais remplies',
  spend: (r, of) => `${range(r)}${of === null ? ' d’achats' : ` ${de(of)}`}`,
  items: (r, of) => `${range(r)} ${asksOne(r) ? 'pièce' : 'pièces'}${of === null ? '' : ` ${de(of)}`}`,
  bought: (r, of, within) =>
    `${range(r)} ${asksOne(r) ? 'achat précédent' : 'achats précédents'} ${de(of)}${spanOf(within)}`,
  received: (r, offer, within) =>
    `${range(r)} ${asksOne(r) ? `bon « ${offer} » imprimé` : `bons « ${offer} » imprimés`}${spanOf(within)}`,
  redeemed: (r, offer, within) =>
    `${range(r)} ${asksOne(r) ? `bon « ${offer} » utilisé` : `bons « ${offer} » utilisés`}${spanOf(within)}`,
  segment: segment => `le groupe de clients « ${segment} »`,
  tier: (tier, orHigher) => `le niveau « ${tier} »${orHigher ? ' ou plus' : ''}`,
  attribute: (name, values) =>
    isRange(values) ? `« ${name} » ${de(range(values))}` : `« ${name} » : ${values.join(' ou ')}`,
  memberDays: r => `une adhésion ${de(range(r))} ${asksOne(r) ? 'jour' : 'jours'}`,
  birthday: within => `un anniversaire à ${within} ${within === '1' ? 'jour' : 'jours'} près`,
  balance: r => `${range(r)} ${asksOne(r) ? 'point' : 'points'}`,
  basketHad: found => `le panier ${found === '0' ? 'n’en contenait pas' : `en contenait ${found}`}`,
  timesFound: found => (found === '0' ? 'il n’y en a pas eu' : `il y en a eu ${found}`),
  daysAway: found => `il est à ${found === '1' ? '1 jour' : `${found} jours`} d’ici`,
  memberHas: found => `le client a ${found}`,
  unknown: 'et rien n’en est connu',
  isInIt: 'le client en fait partie',
  isNotInIt: 'le client n’en fait pas partie',
  someProducts: 'certains produits',
  article: gtin => `l’article ${gtin}`,
  or: ' ou ',
  more: number => ` ou ${number} autres`,
};

function range({ least, most, open }: Range): string {
  if (least !== undefined && most !== undefined) return least === most ? `exactement ${least}` : `${least} à ${most}`;
  if (least !== undefined) return open ? `au moins ${least}` : least;
  return most === undefined ? '' : `au plus ${most}`;
}

function spanText(span: Span): string {
  if (span === null) return '';
  return 'days' in span ? spanOf(String(span.days)) : ` et ${calendar[span.calendar]}`;
}
