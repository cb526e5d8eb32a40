/** German as it is written in Switzerland. */
import type { Sentences } from './sentences.ts';

export const de: Sentences = {
  greeting: name => `Guten Tag, ${name}.`,
  cardMisread: 'Karte nicht richtig gelesen. Bitte nochmals scannen.',
  noScheme: 'Dieser Code gehört zu keiner Karte, keinem Bon und keinem Artikel von uns.',
  unreadable: 'Code nicht lesbar. Bitte nochmals scannen.',
  memberUnknown: 'Diese Karte ist hier nicht bekannt. Der Verkauf geht ohne sie weiter.',
  paymentCard: 'Das ist eine Zahlkarte. Bitte nur am Zahlgerät verwenden.',
  productUnknown: 'Dieser Artikel ist hier nicht bekannt.',
  couponTaken: title => `Bon angenommen: ${title}.`,
  couponKept: title => `Bon gilt für den nächsten Verkauf: ${title}.`,
  couponAlreadyHere: 'Dieser Bon ist schon in diesem Verkauf.',
  couponUsed: (at, till) =>
    at.time === null
      ? `Dieser Bon wurde am ${at.day} an Kasse ${till} eingelöst.`
      : `Dieser Bon wurde heute um ${at.time} an Kasse ${till} eingelöst.`,
  couponVoided: 'Dieser Bon wurde für ungültig erklärt.',
  couponExpired: day => `Dieser Bon war bis ${day} gültig.`,
  couponNotYet: day => `Dieser Bon gilt erst ab ${day}.`,
  couponOtherMember: 'Dieser Bon gehört zu einer anderen Kundenkarte.',
  couponNeedsCard: 'Dieser Bon gilt nur mit Kundenkarte. Bitte Karte scannen.',
  couponReserved: till => `Dieser Bon wird gerade an Kasse ${till} eingelöst.`,
  couponReservedHere: 'Dieser Bon ist in einem anderen offenen Verkauf an dieser Kasse.',
  couponWrongStore: 'Dieser Bon gilt nicht in dieser Filiale.',
  couponCondition: 'Für diesen Bon fehlt noch etwas im Einkauf.',
  couponNothingFits: 'Für diesen Bon ist kein passender Artikel im Einkauf.',
  couponOtherOffer: 'Ein anderes Angebot gilt schon; beide zusammen gehen nicht.',
  couponCap: 'Dieser Bon wurde schon so oft eingelöst, wie es erlaubt ist.',
  couponUnknown: 'Dieser Bon ist nicht von uns oder unbekannt.',
  couponOtherIssuer: 'Dieser Bon ist von einem anderen Herausgeber. Er lässt sich hier nicht einlösen.',
  couponOffline: 'Dieser Bon lässt sich ohne Verbindung zur Zentrale nicht prüfen.',
  couponOfflineUpTo: amount => `Ohne Verbindung zur Zentrale gilt dieser Bon nur bis ${amount}.`,
  noOffers: 'Diese Kasse hat noch keine Angebote. Bons gehen im Moment nicht.',
  pointsToTier: (points, tier) => `Noch ${points} Punkte bis ${tier}.`,
  refund: amount => `Zurückzuzahlen: ${amount}.`,
  printer: {
    missing: 'Bondrucker nicht gefunden. Kabel und Strom prüfen. Der Verkauf geht weiter.',
    busy: 'Ein anderes Programm benutzt den Drucker. Es beenden oder Hilfe rufen. Der Verkauf geht weiter.',
    denied: 'Die Kasse darf den Drucker nicht öffnen. Bitte Technik rufen. Der Verkauf geht weiter.',
    'paper-out': 'Papier ist leer. Deckel öffnen, Rolle einlegen. Der Bon druckt von selbst.',
    'cover-open': 'Druckerdeckel ist offen. Bitte schliessen. Der Bon druckt von selbst.',
    cutter: 'Messer klemmt. Deckel öffnen, Papier entfernen, schliessen.',
    offline: 'Drucker ist nicht bereit. Taste am Drucker drücken.',
    error: 'Drucker hat eine Störung. Aus- und wieder einschalten.',
  },
  paperNearEnd: 'Papier geht zu Ende. Neue Rolle bereithalten.',
  couponNotPrinted: 'Der Bon wurde nicht gedruckt. Drucker prüfen, dann nochmals drucken.',
  lineDown: (since, waiting) =>
    `Keine Verbindung zur Zentrale seit ${since}. Der Verkauf geht weiter.${
      waiting === null ? '' : waiting === '1' ? ' 1 Verkauf wartet.' : ` ${waiting} Verkäufe warten.`
    }`,
  bundleExpired: 'Die Angebote sind abgelaufen. Neue Bons kommen erst mit neuen Angeboten.',
  diskFull: 'Der Speicher dieser Kasse ist fast voll. Bitte den Support rufen.',
  storeDamaged: 'Die Daten dieser Kasse waren beschädigt und wurden neu angelegt. Bitte den Support informieren.',
};
