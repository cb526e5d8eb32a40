/** The words of the members' page in four languages; a part of texts.ts. */
import type { Language } from '../shared/formats.ts';

const en = {
  lead: (count: string) => `${count} members at HQ. Nobody is named here.`,
  versions: 'What the tills know',
  noVersions: 'No version has been made yet. Import members: tillside hq members import FILE',
  store: 'Store',
  all: 'all stores',
  members: 'Members',
  size: 'File',
  current: 'Have it',
  older: 'Older',
  without: 'None',
  erasures: 'Erasures',
  noErasures: 'Nobody has been erased.',
  erasure: 'Erasure',
  asked: 'Asked',
  acknowledged: 'Tills done',
  waiting: 'waits for',
  done: 'deleted everywhere',
  andMore: (count: string) => `and ${count} more`,
};

type MembersTexts = typeof en;

const de: MembersTexts = {
  lead: count => `${count} Mitglieder in der Zentrale. Hier steht niemandes Name.`,
  versions: 'Was die Kassen kennen',
  noVersions: 'Noch keine Version gemacht. Mitglieder einlesen: tillside hq members import DATEI',
  store: 'Filiale',
  all: 'alle Filialen',
  members: 'Mitglieder',
  size: 'Datei',
  current: 'Haben sie',
  older: 'Ältere',
  without: 'Keine',
  erasures: 'Löschungen',
  noErasures: 'Niemand wurde gelöscht.',
  erasure: 'Löschung',
  asked: 'Verlangt',
  acknowledged: 'Kassen fertig',
  waiting: 'wartet auf',
  done: 'überall gelöscht',
  andMore: count => `und ${count} weitere`,
};

const fr: MembersTexts = {
  lead: count => `${count} membres à la centrale. Aucun nom n’est montré ici.`,
  versions: 'Ce que les caisses connaissent',
  noVersions: 'Pas encore de version. Importer des membres : tillside hq members import FICHIER',
  store: 'Magasin',
  all: 'tous les magasins',
  members: 'Membres',
  size: 'Fichier',
  current: 'À jour',
  older: 'Plus ancienne',
  without: 'Aucune',
  erasures: 'Effacements',
  noErasures: 'Personne n’a été effacé.',
  erasure: 'Effacement',
  asked: 'Demandé',
  acknowledged: 'Caisses prêtes',
  waiting: 'attend',
  done: 'effacé partout',
  andMore: count => `et ${count} autres`,
};

const it: MembersTexts = {
  lead: count => `${count} membri in centrale. Qui non si vede il nome di nessuno.`,
  versions: 'Che cosa sanno le casse',
  noVersions: 'Ancora nessuna versione. Importare i membri: tillside hq members import FILE',
  store: 'Filiale',
  all: 'tutte le filiali',
  members: 'Membri',
  size: 'File',
  current: 'L’hanno',
  older: 'Più vecchia',
  without: 'Nessuna',
  erasures: 'Cancellazioni',
  noErasures: 'Nessuno è stato cancellato.',
  erasure: 'Cancellazione',
  asked: 'Chiesta',
  acknowledged: 'Casse pronte',
  waiting: 'aspetta',
  done: 'cancellato ovunque',
  andMore: count => `e altre ${count}`,
};

export const membersTexts: Readonly<Record<Language, MembersTexts>> = { en, de, fr, it };
