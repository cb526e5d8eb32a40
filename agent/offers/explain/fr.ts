/** French. */
import type { Weekday } from '../types.ts';
import { isRange, type Range, type Sentences, type Span } from './sentences.ts';

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
const who = { member: 'client', household: 'ménage', store: 'magasin' };

export const fr: Sentences = {
  discount: amount => `Accorde ${amount} de rabais.`,
  message: 'Affiche son message.',
  printed: (title, from, to) => `Imprime le bon « ${title} », valable du ${from} au ${to}.`,
  points: points => `Donne ${points} points.`,
  heldOut: 'Omis exprès : ce client fait partie du groupe témoin.',
  notPrinted: 'Non imprimé : ',
  notGiven: 'Non accordé : ',
  noPoints: 'Pas de points : ',
  couponRefused: serial => `Bon ${serial} refusé : `,
  bundleOver: date => `les offres ont expiré le ${date}, la centrale doit en envoyer de nouvelles`,
  startsOn: date => `commence le ${date}`,
  endedOn: date => `a pris fin le ${date}`,
  otherDays: list =>
    list.length === 0 ? 'n’est valable aucun jour' : `n’est valable que le ${list.map(day => days[day]).join(', ')}`,
  otherHours: hours =>
    hours.length === 0 ? 'n’est valable à aucune heure' : `n’est valable que de ${hours.join(', ')}`,
  store: store => `n’est pas proposé dans le magasin ${store}`,
  noCoupon: 'demande son bon, et aucun n’a été remis',
  notActivated: 'le client ne l’a pas activé',
  noMember: 'réservé aux membres, et aucune carte n’a été présentée',
  consent: consent => `le client n’a pas donné son accord « ${consent} »`,
  chain: (offer, outcome, r, found) =>
    `demande un bon « ${offer} » ${{ issued: 'imprimé', redeemed: 'utilisé', expired: 'expiré', unredeemed: 'imprimé et encore ouvert' }[outcome]}${range(r) === '' ? '' : ` il y a ${range(r)} jours`} ; ${found === null ? 'il n’y en a pas' : `c’était il y a ${found} jours`}`,
  cap: (scope, limit, span, found) => `au plus ${limit} par ${who[scope]}${spanText(span)}, il y en a déjà eu ${found}`,
  noLease: 'la quantité de cette offre est épuisée à cette caisse',
  policy: (per, limit, span, found) =>
    `au plus ${limit} bons par ${who[per]}${spanText(span)}, il y en a déjà eu ${found}`,
  exclusive: by => `« ${by} » s’applique et n’admet aucune autre offre`,
  group: by => `« ${by} » s’applique à sa place`,
  units: (needed, found) => `demande ${needed} pièces qu’aucune autre offre n’a utilisées, il en restait ${found}`,
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
  otherWays: number => ` (${number} autres possibilités n’étaient pas remplies non plus)`,
  never: 'ses conditions ne sont jamais remplies',
  spend: (r, of) => `${range(r)}${of === null ? ' d’achats' : ` de ${of}`}`,
  items: (r, of) => `${range(r)} pièces${of === null ? '' : ` de ${of}`}`,
  bought: (r, of, within) => `${range(r)} achats précédents de ${of} en ${within} jours`,
  received: (r, offer, within) => `${range(r)} bons « ${offer} » imprimés en ${within} jours`,
  redeemed: (r, offer, within) => `${range(r)} bons « ${offer} » utilisés en ${within} jours`,
  segment: segment => `le groupe de clients « ${segment} »`,
  tier: (tier, orHigher) => `le niveau « ${tier} »${orHigher ? ' ou plus' : ''}`,
  attribute: (name, values) => `« ${name} » ${isRange(values) ? open(values) : values.join(' ou ')}`,
  memberDays: r => `une adhésion de ${open(r)} jours`,
  birthday: within => `un anniversaire à ${within} jours près`,
  balance: r => `${open(r)} points`,
  basketHad: found => `le panier avait ${found}`,
  timesFound: found => `il y en a eu ${found}`,
  memberHas: found => `le client a ${found}`,
  unknown: 'et rien n’en est connu',
  isInIt: 'le client en fait partie',
  isNotInIt: 'le client n’en fait pas partie',
  someProducts: 'certains produits',
  article: gtin => `l’article ${gtin}`,
  or: ' ou ',
  more: number => ` ou ${number} autres`,
};

function range({ least, most }: Range): string {
  if (least !== undefined && most !== undefined) return least === most ? `exactement ${least}` : `${least} à ${most}`;
  return least ?? (most === undefined ? '' : `au plus ${most}`);
}

/** Says that a lower bound alone is one. */
function open(r: Range): string {
  return r.most === undefined && r.least !== undefined ? `au moins ${r.least}` : range(r);
}

function spanText(span: Span): string {
  if (span === null) return '';
  return 'days' in span ? ` en ${span.days} jours` : ` et ${calendar[span.calendar]}`;
}
