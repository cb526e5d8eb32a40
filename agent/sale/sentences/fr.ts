/** French as it is written in Switzerland. */
import type { Sentences } from './sentences.ts';

export const fr: Sentences = {
  greeting: name => `Bonjour ${name}.`,
  cardMisread: 'Carte mal lue. Veuillez scanner encore une fois.',
  noScheme: "Ce code n'est ni une carte, ni un bon, ni un article de chez nous.",
  unreadable: 'Code illisible. Veuillez scanner encore une fois.',
  memberUnknown: "Cette carte n'est pas connue ici. La vente continue sans elle.",
  paymentCard: "C'est une carte de paiement. À utiliser seulement au terminal.",
  productUnknown: "Cet article n'est pas connu ici.",
  couponTaken: title => `Bon accepté : ${title}.`,
  couponKept: title => `Bon gardé pour la prochaine vente : ${title}.`,
  couponAlreadyHere: 'Ce bon est déjà dans cette vente.',
  couponUsed: (at, till) =>
    at.time === null
      ? `Ce bon a été utilisé le ${at.day} à la caisse ${till}.`
      : `Ce bon a été utilisé aujourd'hui à ${at.time} à la caisse ${till}.`,
  couponVoided: 'Ce bon a été annulé.',
  couponExpired: day => `Ce bon était valable jusqu'au ${day}.`,
  couponNotYet: day => `Ce bon est valable dès le ${day}.`,
  couponOtherMember: 'Ce bon appartient à une autre carte client.',
  couponNeedsCard: 'Ce bon demande la carte client. Veuillez la scanner.',
  couponReserved: till => `Ce bon est en cours d'utilisation à la caisse ${till}.`,
  couponReservedHere: 'Ce bon est dans une autre vente ouverte à cette caisse.',
  couponWrongStore: "Ce bon n'est pas valable dans ce magasin.",
  couponCondition: "Il manque encore quelque chose dans l'achat pour ce bon.",
  couponNothingFits: "Aucun article de l'achat ne correspond à ce bon.",
  couponOtherOffer: 'Une autre offre est déjà appliquée ; les deux ne vont pas ensemble.',
  couponCap: 'Ce bon a déjà été utilisé autant de fois que permis.',
  couponUnknown: "Ce bon n'est pas de chez nous ou est inconnu.",
  couponOtherIssuer: "Ce bon vient d'un autre émetteur. Il ne peut pas être utilisé ici.",
  couponOffline: 'Sans liaison avec la centrale, ce bon ne peut pas être vérifié.',
  couponOfflineUpTo: amount => `Sans liaison avec la centrale, ce bon vaut au plus ${amount}.`,
  noOffers: "Cette caisse n'a pas encore d'offres. Pas de bons pour le moment.",
  pointsToTier: (points, tier) => `Encore ${points} points jusqu'à ${tier}.`,
  refund: amount => `À rembourser : ${amount}.`,
  printer: {
    missing: 'Imprimante introuvable. Vérifier le câble et le courant. La vente continue.',
    busy: "Un autre programme occupe l'imprimante. Le fermer ou appeler de l'aide. La vente continue.",
    denied: "La caisse n'a pas accès à l'imprimante. Appeler le service technique. La vente continue.",
    'paper-out': "Plus de papier. Ouvrir le capot, mettre un rouleau. Le bon s'imprime tout seul.",
    'cover-open': "Le capot de l'imprimante est ouvert. Le fermer. Le bon s'imprime tout seul.",
    cutter: 'Le couteau est bloqué. Ouvrir le capot, retirer le papier, refermer.',
    offline: "L'imprimante n'est pas prête. Appuyer sur sa touche.",
    error: "L'imprimante est en panne. L'éteindre et la rallumer.",
  },
  paperNearEnd: 'Bientôt plus de papier. Préparer un rouleau.',
  couponNotPrinted: "Le bon n'a pas été imprimé. Vérifier l'imprimante, puis réimprimer.",
  lineDown: (since, waiting) =>
    `Pas de liaison avec la centrale depuis ${since}. La vente continue.${
      waiting === null ? '' : waiting === '1' ? ' 1 vente en attente.' : ` ${waiting} ventes en attente.`
    }`,
  bundleExpired: 'Les offres sont échues. De nouveaux bons viendront avec de nouvelles offres.',
  diskFull: "La mémoire de cette caisse est presque pleine. Appeler l'assistance.",
  storeDamaged: "Les données de cette caisse étaient endommagées et ont été recréées. Informer l'assistance.",
};
