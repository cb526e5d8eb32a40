/** The words of the tills' page in four languages; a part of texts.ts. */
import type { Language } from '../shared/formats.ts';

const en = {
  well: (n: string, of: string) => `Nothing ails ${n} of ${of} tills.`,
  byReason: 'By reason',
  reason: 'Why',
  stores: 'Stores',
  oldest: (since: string, till: string) => `The oldest waits ${since}, at ${till}.`,
  all: 'All tills',
  ailing: 'All that something ails',
  store: 'Store',
  show: 'Show',
  first: (n: string) => `The first ${n}. A store or a reason shows fewer.`,
  why: {
    'never-seen': 'has never reported',
    offline: 'offline',
    'chain-broken': 'facts do not follow from each other',
    'facts-missing': 'facts are missing',
    'facts-unreadable': 'unreadable facts',
    'facts-waiting': 'facts wait at the till',
    'bundle-refused': 'offers were refused',
    'bundle-old': 'old offers',
    'bundle-expired': 'offers have ended',
    printer: 'printer',
    scanner: 'scanner',
  },
};

type TillsTexts = typeof en;

const de: TillsTexts = {
  well: (n, of) => `${n} von ${of} Kassen fehlt nichts.`,
  byReason: 'Nach Grund',
  reason: 'Warum',
  stores: 'Filialen',
  oldest: (since, till) => `Die älteste wartet ${since}, an ${till}.`,
  all: 'Alle Kassen',
  ailing: 'Alle, denen etwas fehlt',
  store: 'Filiale',
  show: 'Zeigen',
  first: n => `Die ersten ${n}. Eine Filiale oder ein Grund zeigt weniger.`,
  why: {
    'never-seen': 'hat sich nie gemeldet',
    offline: 'offline',
    'chain-broken': 'Meldungen folgen nicht aufeinander',
    'facts-missing': 'Meldungen fehlen',
    'facts-unreadable': 'unlesbare Meldungen',
    'facts-waiting': 'Meldungen warten an der Kasse',
    'bundle-refused': 'Angebote abgewiesen',
    'bundle-old': 'alte Angebote',
    'bundle-expired': 'Angebote abgelaufen',
    printer: 'Drucker',
    scanner: 'Scanner',
  },
};

const fr: TillsTexts = {
  well: (n, of) => `${n} caisses sur ${of} vont bien.`,
  byReason: 'Par raison',
  reason: 'Pourquoi',
  stores: 'Magasins',
  oldest: (since, till) => `Le plus ancien attend ${since}, à ${till}.`,
  all: 'Toutes les caisses',
  ailing: 'Toutes celles qui ont un problème',
  store: 'Magasin',
  show: 'Afficher',
  first: n => `Les ${n} premières. Un magasin ou une raison en montre moins.`,
  why: {
    'never-seen': 'ne s’est jamais annoncée',
    offline: 'hors ligne',
    'chain-broken': 'les faits ne se suivent pas',
    'facts-missing': 'faits manquants',
    'facts-unreadable': 'faits illisibles',
    'facts-waiting': 'faits en attente à la caisse',
    'bundle-refused': 'offres refusées',
    'bundle-old': 'offres anciennes',
    'bundle-expired': 'offres échues',
    printer: 'imprimante',
    scanner: 'lecteur',
  },
};

const it: TillsTexts = {
  well: (n, of) => `${n} casse su ${of} stanno bene.`,
  byReason: 'Per motivo',
  reason: 'Perché',
  stores: 'Filiali',
  oldest: (since, till) => `Il più vecchio attende ${since}, alla ${till}.`,
  all: 'Tutte le casse',
  ailing: 'Tutte quelle che hanno qualcosa',
  store: 'Filiale',
  show: 'Mostra',
  first: n => `Le prime ${n}. Una filiale o un motivo ne mostra meno.`,
  why: {
    'never-seen': 'non si è mai annunciata',
    offline: 'offline',
    'chain-broken': 'i dati non si susseguono',
    'facts-missing': 'dati mancanti',
    'facts-unreadable': 'dati illeggibili',
    'facts-waiting': 'dati in attesa alla cassa',
    'bundle-refused': 'offerte rifiutate',
    'bundle-old': 'offerte vecchie',
    'bundle-expired': 'offerte scadute',
    printer: 'stampante',
    scanner: 'lettore',
  },
};

export const tillsTexts: Readonly<Record<Language, TillsTexts>> = { en, de, fr, it };
