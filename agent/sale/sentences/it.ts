/** Italian as it is written in Switzerland. */
import type { Sentences } from './sentences.ts';

export const it: Sentences = {
  greeting: name => `Buongiorno ${name}.`,
  cardMisread: 'Carta letta male. Scansionare di nuovo.',
  noScheme: 'Questo codice non è una nostra carta, né un buono, né un articolo.',
  unreadable: 'Codice illeggibile. Scansionare di nuovo.',
  memberUnknown: 'Questa carta qui non è conosciuta. La vendita continua senza.',
  paymentCard: 'Questa è una carta di pagamento. Usarla solo al terminale.',
  productUnknown: 'Questo articolo qui non è conosciuto.',
  couponTaken: title => `Buono accettato: ${title}.`,
  couponKept: title => `Buono tenuto per la prossima vendita: ${title}.`,
  couponAlreadyHere: 'Questo buono è già in questa vendita.',
  couponUsed: (at, till) =>
    at.time === null
      ? `Questo buono è stato usato il ${at.day} alla cassa ${till}.`
      : `Questo buono è stato usato oggi alle ${at.time} alla cassa ${till}.`,
  couponVoided: 'Questo buono è stato annullato.',
  couponExpired: day => `Questo buono era valido fino al ${day}.`,
  couponNotYet: day => `Questo buono è valido dal ${day}.`,
  couponOtherMember: "Questo buono appartiene a un'altra carta cliente.",
  couponNeedsCard: 'Questo buono vale solo con la carta cliente. Scansionare la carta.',
  couponReserved: till => `Questo buono è in uso alla cassa ${till}.`,
  couponReservedHere: "Questo buono è in un'altra vendita aperta a questa cassa.",
  couponWrongStore: 'Questo buono non vale in questa filiale.',
  couponCondition: 'Per questo buono manca ancora qualcosa nella spesa.',
  couponNothingFits: 'Nella spesa non c’è un articolo adatto a questo buono.',
  couponOtherOffer: "Vale già un'altra offerta; insieme non si possono usare.",
  couponCap: 'Questo buono è già stato usato quante volte è permesso.',
  couponUnknown: 'Questo buono non è nostro o è sconosciuto.',
  couponOtherIssuer: 'Questo buono è di un altro emittente. Qui non può essere utilizzato.',
  couponOffline: 'Senza collegamento con la centrale questo buono non si può verificare.',
  couponOfflineUpTo: amount => `Senza collegamento con la centrale questo buono vale al massimo ${amount}.`,
  noOffers: 'Questa cassa non ha ancora offerte. Per ora niente buoni.',
  pointsToTier: (points, tier) => `Ancora ${points} punti fino a ${tier}.`,
  refund: amount => `Da rimborsare: ${amount}.`,
  printer: {
    missing: 'Stampante non trovata. Controllare cavo e corrente. La vendita continua.',
    busy: 'Un altro programma usa la stampante. Chiuderlo o chiamare aiuto. La vendita continua.',
    denied: 'La cassa non può aprire la stampante. Chiamare il servizio tecnico. La vendita continua.',
    'paper-out': 'Carta finita. Aprire il coperchio, mettere un rotolo. Il buono si stampa da solo.',
    'cover-open': 'Il coperchio della stampante è aperto. Chiuderlo. Il buono si stampa da solo.',
    cutter: 'La taglierina è bloccata. Aprire il coperchio, togliere la carta, chiudere.',
    offline: 'La stampante non è pronta. Premere il suo tasto.',
    error: 'La stampante ha un guasto. Spegnerla e riaccenderla.',
  },
  paperNearEnd: 'La carta sta finendo. Preparare un rotolo.',
  couponNotPrinted: 'Il buono non è stato stampato. Controllare la stampante, poi ristampare.',
  lineDown: (since, waiting) =>
    `Nessun collegamento con la centrale da ${since}. La vendita continua.${
      waiting === null ? '' : waiting === '1' ? ' 1 vendita in attesa.' : ` ${waiting} vendite in attesa.`
    }`,
  bundleExpired: 'Le offerte sono scadute. Nuovi buoni arrivano con le nuove offerte.',
  diskFull: "La memoria di questa cassa è quasi piena. Chiamare l'assistenza.",
  storeDamaged: "I dati di questa cassa erano danneggiati e sono stati ricreati. Informare l'assistenza.",
};
