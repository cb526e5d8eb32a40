/** Every fixed word of the till screen in four languages. Sentences about scans come from the agent, translated. */
import type { Language } from '../shared/formats.ts';

/** A headline that is read at once and one sentence that says what to do. */
export type Advice = { readonly head: string; readonly todo: string };

export type Texts = {
  readonly languageName: string;
  readonly basket: string;
  readonly idleHead: string;
  readonly idleTodo: string;
  readonly idleTodoShown: string;
  readonly sellTodo: string;
  readonly showTodo: string;
  readonly payTodo: string;
  readonly payTodoGiven: string;
  readonly doneTodo: string;
  readonly waitTodo: string;
  readonly total: string;
  readonly toPay: string;
  readonly paid: string;
  readonly subtotal: string;
  readonly discounts: string;
  readonly given: string;
  readonly change: string;
  readonly tooLittle: string;
  readonly cash: string;
  readonly card: string;
  readonly back: string;
  readonly remove: string;
  readonly less: string;
  readonly more: string;
  readonly cancelSale: string;
  readonly cancelAgain: string;
  readonly cancelled: string;
  readonly nextSale: string;
  readonly code: string;
  readonly codeHint: string;
  readonly weightHint: string;
  readonly givenHint: string;
  readonly enter: string;
  readonly erase: string;
  readonly pad: string;
  readonly weigh: (name: string) => string;
  readonly notAWeight: string;
  readonly noSale: string;
  readonly customer: string;
  readonly guest: string;
  readonly guestTodo: string;
  readonly points: string;
  readonly tierReached: (tier: string) => string;
  readonly tiers: Readonly<Record<string, string>>;
  readonly comesOut: string;
  readonly nothingPrints: string;
  readonly nothingYet: string;
  readonly willPrint: string;
  readonly valid: (from: string, to: string) => string;
  readonly printing: (count: number) => string;
  readonly waiting: (count: number) => string;
  readonly handOver: (count: number) => string;
  readonly earlier: string;
  readonly print: {
    readonly queued: string;
    readonly printing: string;
    readonly confirmed: string;
    readonly fenced: string;
    readonly sent: string;
    readonly unknown: string;
    readonly failed: string;
    readonly replaced: string;
    readonly cancelled: string;
    readonly stuck: string;
  };
  readonly reprint: string;
  readonly reprinting: string;
  readonly takeBack: string;
  readonly handedIn: string;
  readonly notApplied: string;
  readonly lost: Advice;
  readonly connecting: string;
  readonly printer: Readonly<
    Record<'missing' | 'busy' | 'denied' | 'paper-out' | 'cover-open' | 'cutter' | 'offline' | 'error', Advice>
  >;
  readonly printsByItself: string;
  readonly paperNearEnd: string;
  readonly noLogo: string;
  readonly scannerGone: string;
  readonly noLine: (since: string, waiting: number, count: string) => string;
  readonly noBundle: string;
  readonly bundleExpired: (date: string) => string;
  readonly bundleRevoked: string;
  readonly bundleRefused: string;
  readonly database: string;
  readonly signs: {
    readonly printer: string;
    readonly scanner: string;
    readonly line: string;
    readonly well: string;
    readonly ill: string;
  };
  readonly language: string;
  readonly shortcuts: string;
  readonly failed: string;
  readonly priceMoved: string;
  readonly saleClosed: string;
  readonly noToken: Advice;
  readonly details: string;
  readonly close: string;
  readonly devices: string;
  readonly simulator: {
    readonly title: string;
    readonly printer: string;
    readonly slot: string;
    readonly paper: string;
    readonly paperIn: string;
    readonly paperOut: string;
    readonly cover: string;
    readonly coverClosed: string;
    readonly coverOpen: string;
    readonly cable: string;
    readonly cableIn: string;
    readonly cableOut: string;
    readonly cards: string;
    readonly products: string;
    readonly search: string;
    readonly all: string;
    readonly none: string;
    readonly slip: string;
    readonly noSlip: string;
    readonly scanSlip: string;
  };
};

const de: Texts = {
  languageName: 'Deutsch',
  basket: 'Warenkorb',
  idleHead: 'Bereit',
  idleTodo: 'Ersten Artikel oder Kundenkarte scannen.',
  idleTodoShown: 'Der Verkauf beginnt an der Kasse. Die Karte kann schon jetzt gescannt werden.',
  sellTodo: 'Weiter scannen – oder Total.',
  showTodo: 'Weiter scannen.',
  payTodo: 'Wie wird bezahlt?',
  payTodoGiven: 'Gegebenes Bargeld eintippen, dann Bar. Genau bezahlt: gleich Bar.',
  doneTodo: 'Nächster Kunde: einfach scannen.',
  waitTodo: 'Bezahlung wird gebucht …',
  total: 'Total',
  toPay: 'Zu bezahlen',
  paid: 'Bezahlt',
  subtotal: 'Zwischentotal',
  discounts: 'Rabatte',
  given: 'Gegeben',
  change: 'Rückgeld',
  tooLittle: 'Das reicht noch nicht.',
  cash: 'Bar',
  card: 'Karte',
  back: 'Zurück',
  remove: 'Entfernen',
  less: 'Eins weniger',
  more: 'Eins mehr',
  cancelSale: 'Abbrechen',
  cancelAgain: 'Nochmals drücken',
  cancelled: 'Verkauf abgebrochen.',
  nextSale: 'Nächster Kunde',
  code: 'Code',
  codeHint: 'Karte, Artikel, Bon',
  weightHint: 'Gewicht in kg',
  givenHint: 'Gegeben',
  enter: 'Eingeben',
  erase: 'Zeichen löschen',
  pad: 'Zifferntasten',
  weigh: name => `Gewicht in kg: ${name}`,
  notAWeight: 'Das ist kein Gewicht. Beispiel: 0,254',
  noSale: 'Es ist kein Verkauf offen. Zuerst an der Kasse beginnen.',
  customer: 'Kunde',
  guest: 'Gast',
  guestTodo: 'Hat der Kunde eine Karte?',
  points: 'Punkte',
  tierReached: tier => `${tier} erreicht!`,
  tiers: { basic: 'Basis', bronze: 'Bronze', silver: 'Silber', gold: 'Gold', platinum: 'Platin' },
  comesOut: 'Das kommt heraus',
  nothingPrints: 'Heute kein Bon.',
  nothingYet: 'Noch nichts.',
  willPrint: 'kommt beim Bezahlen',
  valid: (from, to) => `gültig ${from} – ${to}`,
  printing: count => (count === 1 ? 'Bon druckt' : `${count} Bons drucken`),
  waiting: count => (count === 1 ? 'Bon wartet' : `${count} Bons warten`),
  handOver: count => (count === 1 ? 'Bon mitgeben' : `${count} Bons mitgeben`),
  earlier: 'vom Verkauf davor',
  print: {
    queued: 'wartet',
    printing: 'druckt',
    confirmed: 'ist draussen',
    fenced: 'ist draussen',
    sent: 'gesendet – bitte nachsehen',
    unknown: 'unklar – ein neuer kommt',
    failed: 'nicht gedruckt',
    replaced: 'ungültig – ersetzt',
    cancelled: 'ungültig',
    stuck: 'wartet auf den Drucker',
  },
  reprint: 'Nochmals drucken',
  reprinting: 'Der Bon wird nochmals gedruckt.',
  takeBack: 'Bon zurückgeben',
  handedIn: 'Bon',
  notApplied: 'Gilt hier nicht.',
  lost: { head: 'Die Kasse antwortet nicht.', todo: 'Sie kommt von selbst wieder. Nichts geht verloren.' },
  connecting: 'Verbinde mit der Kasse …',
  printer: {
    missing: { head: 'Drucker fehlt.', todo: 'Kabel und Strom prüfen. Der Verkauf geht weiter.' },
    busy: { head: 'Drucker besetzt.', todo: 'Anderes Programm beenden oder Hilfe rufen. Der Verkauf geht weiter.' },
    denied: { head: 'Drucker gesperrt.', todo: 'Bitte Technik rufen. Der Verkauf geht weiter.' },
    'paper-out': { head: 'Papier leer.', todo: 'Deckel öffnen, Rolle einlegen.' },
    'cover-open': { head: 'Deckel offen.', todo: 'Druckerdeckel schliessen.' },
    cutter: { head: 'Messer klemmt.', todo: 'Deckel öffnen, Papierreste entfernen, Deckel schliessen.' },
    offline: { head: 'Drucker antwortet nicht.', todo: 'Kabel und Strom prüfen. Der Verkauf geht weiter.' },
    error: { head: 'Drucker hat eine Störung.', todo: 'Drucker aus- und einschalten. Der Verkauf geht weiter.' },
  },
  printsByItself: 'Der Bon druckt dann von selbst.',
  paperNearEnd: 'Papier geht bald zu Ende. Rolle bereitlegen.',
  noLogo: 'Das Logo fehlt auf den Bons. Bitte Support informieren.',
  scannerGone: 'Scanner fehlt. Kabel prüfen oder den Code eintippen.',
  noLine: (since, waiting, count) =>
    `Keine Verbindung zur Zentrale seit ${since}. Verkaufen geht weiter.${waiting === 0 ? '' : waiting === 1 ? ' 1 Verkauf wartet.' : ` ${count} Verkäufe warten.`}`,
  noBundle: 'Noch keine Angebote geladen. Verkaufen geht, Bons kommen noch keine.',
  bundleExpired: date => `Die Angebote sind am ${date} abgelaufen. Verkaufen geht, Bons kommen keine.`,
  bundleRevoked: 'Die Angebote sind nicht mehr bestätigt. Verkaufen geht, Bons kommen keine.',
  bundleRefused: 'Neue Angebote waren fehlerhaft. Die bisherigen gelten weiter.',
  database: 'Der Speicher dieser Kasse hat einen Fehler. Bitte Support rufen.',
  signs: { printer: 'Drucker', scanner: 'Scanner', line: 'Zentrale', well: 'in Ordnung', ill: 'gestört' },
  language: 'Sprache',
  shortcuts: 'Tasten',
  failed: 'Das hat nicht geklappt. Bitte nochmals versuchen.',
  priceMoved: 'Der Betrag hat sich eben geändert. Bitte nochmals bezahlen lassen.',
  saleClosed: 'Dieser Verkauf ist schon abgeschlossen.',
  noToken: {
    head: 'Bitte die Adresse dieser Kasse öffnen.',
    todo: 'Sie steht im Fenster, in dem die Kasse gestartet wurde, und endet mit #token=…',
  },
  details: 'Für den Support',
  close: 'Schliessen',
  devices: 'Geräte',
  simulator: {
    title: 'Geräte zum Ausprobieren',
    printer: 'Drucker',
    slot: 'Papierschlitz',
    paper: 'Papier',
    paperIn: 'eingelegt',
    paperOut: 'leer',
    cover: 'Deckel',
    coverClosed: 'zu',
    coverOpen: 'offen',
    cable: 'Kabel',
    cableIn: 'steckt',
    cableOut: 'gezogen',
    cards: 'Karten',
    products: 'Artikel',
    search: 'Artikel suchen',
    all: 'Alle',
    none: 'Nichts gefunden.',
    slip: 'Bon',
    noSlip: 'Noch nichts gedruckt.',
    scanSlip: 'Diesen Bon scannen',
  },
};

const fr: Texts = {
  languageName: 'Français',
  basket: 'Panier',
  idleHead: 'Prêt',
  idleTodo: 'Scanner le premier article ou la carte du client.',
  idleTodoShown: 'La vente commence à la caisse. La carte peut déjà être scannée.',
  sellTodo: 'Continuer à scanner – ou Total.',
  showTodo: 'Continuer à scanner.',
  payTodo: 'Comment paie le client ?',
  payTodoGiven: 'Taper le montant reçu, puis Espèces. Compte juste : Espèces directement.',
  doneTodo: 'Client suivant : il suffit de scanner.',
  waitTodo: 'Paiement en cours d’enregistrement …',
  total: 'Total',
  toPay: 'À payer',
  paid: 'Payé',
  subtotal: 'Sous-total',
  discounts: 'Rabais',
  given: 'Reçu',
  change: 'À rendre',
  tooLittle: 'Ce n’est pas encore assez.',
  cash: 'Espèces',
  card: 'Carte',
  back: 'Retour',
  remove: 'Enlever',
  less: 'Un de moins',
  more: 'Un de plus',
  cancelSale: 'Annuler',
  cancelAgain: 'Appuyer encore',
  cancelled: 'Vente annulée.',
  nextSale: 'Client suivant',
  code: 'Code',
  codeHint: 'Carte, article, bon',
  weightHint: 'Poids en kg',
  givenHint: 'Reçu',
  enter: 'Valider',
  erase: 'Effacer un caractère',
  pad: 'Pavé numérique',
  weigh: name => `Poids en kg : ${name}`,
  notAWeight: 'Ce n’est pas un poids. Exemple : 0,254',
  noSale: 'Aucune vente ouverte. Commencer d’abord à la caisse.',
  customer: 'Client',
  guest: 'Sans carte',
  guestTodo: 'Le client a-t-il une carte ?',
  points: 'points',
  tierReached: tier => `${tier} atteint !`,
  tiers: { basic: 'Base', bronze: 'Bronze', silver: 'Argent', gold: 'Or', platinum: 'Platine' },
  comesOut: 'Ce qui sort',
  nothingPrints: 'Pas de bon aujourd’hui.',
  nothingYet: 'Rien pour l’instant.',
  willPrint: 'sort au paiement',
  valid: (from, to) => `valable ${from} – ${to}`,
  printing: count => (count === 1 ? 'Bon en impression' : `${count} bons en impression`),
  waiting: count => (count === 1 ? 'Bon en attente' : `${count} bons en attente`),
  handOver: count => (count === 1 ? 'Remettre le bon' : `Remettre ${count} bons`),
  earlier: 'de la vente d’avant',
  print: {
    queued: 'attend',
    printing: 's’imprime',
    confirmed: 'est sorti',
    fenced: 'est sorti',
    sent: 'envoyé – à vérifier',
    unknown: 'incertain – un autre arrive',
    failed: 'pas imprimé',
    replaced: 'annulé – remplacé',
    cancelled: 'annulé',
    stuck: 'attend l’imprimante',
  },
  reprint: 'Imprimer encore une fois',
  reprinting: 'Le bon s’imprime encore une fois.',
  takeBack: 'Rendre le bon',
  handedIn: 'Bon',
  notApplied: 'Ne s’applique pas ici.',
  lost: { head: 'La caisse ne répond pas.', todo: 'Elle revient d’elle-même. Rien n’est perdu.' },
  connecting: 'Connexion à la caisse …',
  printer: {
    missing: { head: 'Imprimante absente.', todo: 'Vérifier câble et courant. La vente continue.' },
    busy: { head: 'Imprimante occupée.', todo: 'Fermer l’autre programme ou appeler de l’aide. La vente continue.' },
    denied: { head: 'Imprimante bloquée.', todo: 'Appeler le service technique. La vente continue.' },
    'paper-out': { head: 'Plus de papier.', todo: 'Ouvrir le capot, mettre un rouleau.' },
    'cover-open': { head: 'Capot ouvert.', todo: 'Fermer le capot de l’imprimante.' },
    cutter: { head: 'Couteau bloqué.', todo: 'Ouvrir le capot, enlever les restes de papier, refermer.' },
    offline: { head: 'L’imprimante ne répond pas.', todo: 'Vérifier câble et courant. La vente continue.' },
    error: { head: 'Imprimante en panne.', todo: 'Éteindre et rallumer l’imprimante. La vente continue.' },
  },
  printsByItself: 'Le bon s’imprime ensuite tout seul.',
  paperNearEnd: 'Bientôt plus de papier. Préparer un rouleau.',
  noLogo: 'Le logo manque sur les bons. Informer le support.',
  scannerGone: 'Scanner absent. Vérifier le câble ou taper le code.',
  noLine: (since, waiting, count) =>
    `Pas de liaison avec la centrale depuis ${since}. La vente continue.${waiting === 0 ? '' : waiting === 1 ? ' 1 vente en attente.' : ` ${count} ventes en attente.`}`,
  noBundle: 'Pas encore d’offres chargées. La vente marche, sans bons.',
  bundleExpired: date => `Les offres ont expiré le ${date}. La vente marche, sans bons.`,
  bundleRevoked: 'Les offres ne sont plus confirmées. La vente marche, sans bons.',
  bundleRefused: 'Les nouvelles offres étaient fautives. Les précédentes restent valables.',
  database: 'La mémoire de cette caisse a une erreur. Appeler le support.',
  signs: { printer: 'Imprimante', scanner: 'Scanner', line: 'Centrale', well: 'en ordre', ill: 'en panne' },
  language: 'Langue',
  shortcuts: 'Touches',
  failed: 'Cela n’a pas marché. Réessayer.',
  priceMoved: 'Le montant vient de changer. Refaire le paiement.',
  saleClosed: 'Cette vente est déjà terminée.',
  noToken: {
    head: 'Ouvrir l’adresse de cette caisse.',
    todo: 'Elle est affichée là où la caisse a été lancée et se termine par #token=…',
  },
  details: 'Pour le support',
  close: 'Fermer',
  devices: 'Appareils',
  simulator: {
    title: 'Appareils d’essai',
    printer: 'Imprimante',
    slot: 'Fente à papier',
    paper: 'Papier',
    paperIn: 'en place',
    paperOut: 'épuisé',
    cover: 'Capot',
    coverClosed: 'fermé',
    coverOpen: 'ouvert',
    cable: 'Câble',
    cableIn: 'branché',
    cableOut: 'débranché',
    cards: 'Cartes',
    products: 'Articles',
    search: 'Chercher un article',
    all: 'Tous',
    none: 'Rien trouvé.',
    slip: 'Bon',
    noSlip: 'Rien d’imprimé.',
    scanSlip: 'Scanner ce bon',
  },
};

const it: Texts = {
  languageName: 'Italiano',
  basket: 'Spesa',
  idleHead: 'Pronto',
  idleTodo: 'Scansionare il primo articolo o la carta del cliente.',
  idleTodoShown: 'La vendita comincia alla cassa. La carta si può già scansionare.',
  sellTodo: 'Continuare – o Totale.',
  showTodo: 'Continuare a scansionare.',
  payTodo: 'Come paga il cliente?',
  payTodoGiven: 'Digitare il contante ricevuto, poi Contanti. Importo esatto: subito Contanti.',
  doneTodo: 'Prossimo cliente: basta scansionare.',
  waitTodo: 'Registrazione del pagamento …',
  total: 'Totale',
  toPay: 'Da pagare',
  paid: 'Pagato',
  subtotal: 'Subtotale',
  discounts: 'Sconti',
  given: 'Ricevuto',
  change: 'Resto',
  tooLittle: 'Non basta ancora.',
  cash: 'Contanti',
  card: 'Carta',
  back: 'Indietro',
  remove: 'Togliere',
  less: 'Uno in meno',
  more: 'Uno in più',
  cancelSale: 'Annullare',
  cancelAgain: 'Premere ancora',
  cancelled: 'Vendita annullata.',
  nextSale: 'Prossimo cliente',
  code: 'Codice',
  codeHint: 'Carta, articolo, buono',
  weightHint: 'Peso in kg',
  givenHint: 'Ricevuto',
  enter: 'Confermare',
  erase: 'Cancellare un carattere',
  pad: 'Tastierino',
  weigh: name => `Peso in kg: ${name}`,
  notAWeight: 'Non è un peso. Esempio: 0,254',
  noSale: 'Nessuna vendita aperta. Cominciare prima alla cassa.',
  customer: 'Cliente',
  guest: 'Senza carta',
  guestTodo: 'Il cliente ha una carta?',
  points: 'punti',
  tierReached: tier => `${tier} raggiunto!`,
  tiers: { basic: 'Base', bronze: 'Bronzo', silver: 'Argento', gold: 'Oro', platinum: 'Platino' },
  comesOut: 'Che cosa esce',
  nothingPrints: 'Oggi nessun buono.',
  nothingYet: 'Ancora niente.',
  willPrint: 'esce al pagamento',
  valid: (from, to) => `valido ${from} – ${to}`,
  printing: count => (count === 1 ? 'Buono in stampa' : `${count} buoni in stampa`),
  waiting: count => (count === 1 ? 'Buono in attesa' : `${count} buoni in attesa`),
  handOver: count => (count === 1 ? 'Consegnare il buono' : `Consegnare ${count} buoni`),
  earlier: 'della vendita prima',
  print: {
    queued: 'aspetta',
    printing: 'in stampa',
    confirmed: 'è uscito',
    fenced: 'è uscito',
    sent: 'inviato – controllare',
    unknown: 'incerto – ne arriva un altro',
    failed: 'non stampato',
    replaced: 'annullato – sostituito',
    cancelled: 'annullato',
    stuck: 'aspetta la stampante',
  },
  reprint: 'Stampare di nuovo',
  reprinting: 'Il buono viene stampato di nuovo.',
  takeBack: 'Restituire il buono',
  handedIn: 'Buono',
  notApplied: 'Qui non vale.',
  lost: { head: 'La cassa non risponde.', todo: 'Ritorna da sola. Non si perde niente.' },
  connecting: 'Collegamento alla cassa …',
  printer: {
    missing: { head: 'Manca la stampante.', todo: 'Controllare cavo e corrente. La vendita continua.' },
    busy: { head: 'Stampante occupata.', todo: 'Chiudere l’altro programma o chiamare aiuto. La vendita continua.' },
    denied: { head: 'Stampante bloccata.', todo: 'Chiamare il servizio tecnico. La vendita continua.' },
    'paper-out': { head: 'Carta finita.', todo: 'Aprire il coperchio, mettere un rotolo.' },
    'cover-open': { head: 'Coperchio aperto.', todo: 'Chiudere il coperchio della stampante.' },
    cutter: { head: 'Taglierina bloccata.', todo: 'Aprire il coperchio, togliere i resti di carta, richiudere.' },
    offline: { head: 'La stampante non risponde.', todo: 'Controllare cavo e corrente. La vendita continua.' },
    error: { head: 'Stampante guasta.', todo: 'Spegnere e riaccendere la stampante. La vendita continua.' },
  },
  printsByItself: 'Il buono si stampa poi da solo.',
  paperNearEnd: 'La carta sta per finire. Preparare un rotolo.',
  noLogo: 'Sui buoni manca il logo. Informare l’assistenza.',
  scannerGone: 'Manca lo scanner. Controllare il cavo o digitare il codice.',
  noLine: (since, waiting, count) =>
    `Nessun collegamento con la centrale da ${since}. La vendita continua.${waiting === 0 ? '' : waiting === 1 ? ' 1 vendita in attesa.' : ` ${count} vendite in attesa.`}`,
  noBundle: 'Ancora nessuna offerta caricata. Si vende, ma senza buoni.',
  bundleExpired: date => `Le offerte sono scadute il ${date}. Si vende, ma senza buoni.`,
  bundleRevoked: 'Le offerte non sono più confermate. Si vende, ma senza buoni.',
  bundleRefused: 'Le nuove offerte erano sbagliate. Valgono ancora quelle di prima.',
  database: 'La memoria di questa cassa ha un errore. Chiamare l’assistenza.',
  signs: { printer: 'Stampante', scanner: 'Scanner', line: 'Centrale', well: 'a posto', ill: 'guasto' },
  language: 'Lingua',
  shortcuts: 'Tasti',
  failed: 'Non è riuscito. Riprovare.',
  priceMoved: 'L’importo è appena cambiato. Ripetere il pagamento.',
  saleClosed: 'Questa vendita è già conclusa.',
  noToken: {
    head: 'Aprire l’indirizzo di questa cassa.',
    todo: 'È scritto nella finestra in cui la cassa è stata avviata e finisce con #token=…',
  },
  details: 'Per l’assistenza',
  close: 'Chiudere',
  devices: 'Apparecchi',
  simulator: {
    title: 'Apparecchi di prova',
    printer: 'Stampante',
    slot: 'Uscita della carta',
    paper: 'Carta',
    paperIn: 'inserita',
    paperOut: 'finita',
    cover: 'Coperchio',
    coverClosed: 'chiuso',
    coverOpen: 'aperto',
    cable: 'Cavo',
    cableIn: 'inserito',
    cableOut: 'staccato',
    cards: 'Carte',
    products: 'Articoli',
    search: 'Cercare un articolo',
    all: 'Tutti',
    none: 'Niente trovato.',
    slip: 'Buono',
    noSlip: 'Niente di stampato.',
    scanSlip: 'Scansionare questo buono',
  },
};

const en: Texts = {
  languageName: 'English',
  basket: 'Basket',
  idleHead: 'Ready',
  idleTodo: 'Scan the first article or the customer’s card.',
  idleTodoShown: 'The sale begins at the till. The card may be scanned already.',
  sellTodo: 'Go on scanning – or Total.',
  showTodo: 'Go on scanning.',
  payTodo: 'How does the customer pay?',
  payTodoGiven: 'Type the cash given, then Cash. Paid exactly: Cash at once.',
  doneTodo: 'Next customer: just scan.',
  waitTodo: 'Booking the payment …',
  total: 'Total',
  toPay: 'To pay',
  paid: 'Paid',
  subtotal: 'Subtotal',
  discounts: 'Discounts',
  given: 'Given',
  change: 'Change',
  tooLittle: 'That is not enough yet.',
  cash: 'Cash',
  card: 'Card',
  back: 'Back',
  remove: 'Remove',
  less: 'One less',
  more: 'One more',
  cancelSale: 'Cancel',
  cancelAgain: 'Press again',
  cancelled: 'Sale cancelled.',
  nextSale: 'Next customer',
  code: 'Code',
  codeHint: 'Card, article, coupon',
  weightHint: 'Weight in kg',
  givenHint: 'Cash given',
  enter: 'Enter',
  erase: 'Erase one character',
  pad: 'Number keys',
  weigh: name => `Weight in kg: ${name}`,
  notAWeight: 'That is no weight. Example: 0.254',
  noSale: 'No sale is open. Begin it at the till first.',
  customer: 'Customer',
  guest: 'No card',
  guestTodo: 'Does the customer have a card?',
  points: 'points',
  tierReached: tier => `${tier} reached!`,
  tiers: { basic: 'Basic', bronze: 'Bronze', silver: 'Silver', gold: 'Gold', platinum: 'Platinum' },
  comesOut: 'What comes out',
  nothingPrints: 'No coupon today.',
  nothingYet: 'Nothing yet.',
  willPrint: 'comes at payment',
  valid: (from, to) => `valid ${from} – ${to}`,
  printing: count => (count === 1 ? 'Coupon printing' : `${count} coupons printing`),
  waiting: count => (count === 1 ? 'Coupon waits' : `${count} coupons wait`),
  handOver: count => (count === 1 ? 'Hand over the coupon' : `Hand over ${count} coupons`),
  earlier: 'from the sale before',
  print: {
    queued: 'waits',
    printing: 'printing',
    confirmed: 'is out',
    fenced: 'is out',
    sent: 'sent – please look',
    unknown: 'unsure – a new one comes',
    failed: 'not printed',
    replaced: 'void – replaced',
    cancelled: 'void',
    stuck: 'waits for the printer',
  },
  reprint: 'Print once more',
  reprinting: 'The coupon prints once more.',
  takeBack: 'Give the coupon back',
  handedIn: 'Coupon',
  notApplied: 'Does not apply here.',
  lost: { head: 'The till does not answer.', todo: 'It comes back by itself. Nothing is lost.' },
  connecting: 'Connecting to the till …',
  printer: {
    missing: { head: 'Printer missing.', todo: 'Check cable and power. Selling goes on.' },
    busy: { head: 'Printer is in use.', todo: 'Close the other program or call for help. Selling goes on.' },
    denied: { head: 'Printer is locked.', todo: 'Call a technician. Selling goes on.' },
    'paper-out': { head: 'Paper is out.', todo: 'Open the cover, put in a roll.' },
    'cover-open': { head: 'Cover is open.', todo: 'Close the printer’s cover.' },
    cutter: { head: 'Cutter is jammed.', todo: 'Open the cover, remove scraps of paper, close it.' },
    offline: { head: 'Printer does not answer.', todo: 'Check cable and power. Selling goes on.' },
    error: { head: 'Printer has a fault.', todo: 'Switch the printer off and on. Selling goes on.' },
  },
  printsByItself: 'The coupon prints by itself.',
  paperNearEnd: 'Paper will soon be out. Have a roll ready.',
  noLogo: 'The logo is missing on the coupons. Please tell support.',
  scannerGone: 'Scanner missing. Check its cable, or type the code.',
  noLine: (since, waiting, count) =>
    `No line to HQ since ${since}. Selling goes on.${waiting === 0 ? '' : waiting === 1 ? ' 1 sale waiting.' : ` ${count} sales waiting.`}`,
  noBundle: 'No offers loaded yet. Selling works, coupons do not come yet.',
  bundleExpired: date => `The offers ended on ${date}. Selling works, no coupons come.`,
  bundleRevoked: 'The offers are no longer confirmed. Selling works, no coupons come.',
  bundleRefused: 'New offers had faults. The ones before stay in force.',
  database: 'This till’s storage has a fault. Please call support.',
  signs: { printer: 'Printer', scanner: 'Scanner', line: 'HQ', well: 'well', ill: 'in trouble' },
  language: 'Language',
  shortcuts: 'Keys',
  failed: 'That did not work. Please try again.',
  priceMoved: 'The amount has just changed. Please take the payment again.',
  saleClosed: 'This sale is already closed.',
  noToken: {
    head: 'Please open this till’s own address.',
    todo: 'It stands in the window where the till was started and ends with #token=…',
  },
  details: 'For support',
  close: 'Close',
  devices: 'Devices',
  simulator: {
    title: 'Devices to try',
    printer: 'Printer',
    slot: 'Paper slot',
    paper: 'Paper',
    paperIn: 'loaded',
    paperOut: 'out',
    cover: 'Cover',
    coverClosed: 'closed',
    coverOpen: 'open',
    cable: 'Cable',
    cableIn: 'plugged',
    cableOut: 'pulled',
    cards: 'Cards',
    products: 'Articles',
    search: 'Find an article',
    all: 'All',
    none: 'Nothing found.',
    slip: 'Coupon',
    noSlip: 'Nothing printed yet.',
    scanSlip: 'Scan this coupon',
  },
};

export const texts: Readonly<Record<Language, Texts>> = { de, fr, it, en };

/** Tiers are named by the retailer; the usual ones are translated, others shown as they are. */
export function tierName(text: Texts, tier: string): string {
  return text.tiers[tier] ?? tier.charAt(0).toUpperCase() + tier.slice(1);
}
