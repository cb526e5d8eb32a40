/** Explanations: a sentence for everything that happened and did not, in four languages, in the shop's own formats. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Bundle, compileBundle, endIssue, explain, type Sale, withdrawn } from '../../agent/offers/index.ts';
import { bundle, sale } from './arbitrary.ts';
import { bundleOf, decisionOf, offer, printing, saleOf } from './rules.ts';

const languages = ['de', 'fr', 'it', 'en'] as const;

function sentences(document: object, basket: object, language: (typeof languages)[number] = 'en'): string[] {
  return explain(compileBundle(document as Bundle), basket as Sale, language).map(({ sentence }) => sentence);
}

describe('a shop manager reads', () => {
  const coffee = printing('c', { when: { spend: { of: { category: ['food/drinks/coffee'] }, atLeast: 3000 } } });
  const basket = saleOf({ lines: [{ lineId: '1', quantity: '1', amount: 1240, category: 'food/drinks/coffee' }] });
  test('what was asked and what the basket had', () => {
    assert.deepEqual(sentences(bundleOf([coffee]), basket), [
      'Not printed: needs 30.00 of coffee, the basket had 12.40.',
    ]);
    assert.deepEqual(sentences(bundleOf([coffee]), basket, 'de'), [
      'Nicht gedruckt: braucht 30.00 für coffee, im Korb war 12.40.',
    ]);
    assert.deepEqual(sentences(bundleOf([coffee]), basket, 'fr'), [
      'Non imprimé : demande 30.00 de coffee, le panier en contenait 12.40.',
    ]);
    assert.deepEqual(sentences(bundleOf([coffee]), basket, 'it'), [
      'Non stampato: richiede 30.00 di coffee, il carrello ne conteneva 12.40.',
    ]);
  });
  test('amounts as the country writes them', () => {
    const big = printing('c', { when: { spend: { atLeast: 12_345_650 } } });
    assert.match(sentences(bundleOf([big]), basket)[0] ?? '', /needs 123.456.50 spent/);
    assert.match(sentences(bundleOf([big], { currency: 'EUR' }), basket, 'de')[0] ?? '', /123\.456,50/);
    assert.match(sentences(bundleOf([big], { currency: 'JPY' }), basket)[0] ?? '', /12,345,650/);
  });
  test('what did happen', () => {
    const offers = [
      offer('a', { benefit: { amount: { off: 150 } } }),
      printing('p'),
      offer('e', { phase: 'points', benefit: { points: { fixed: 7 } } }),
    ];
    assert.deepEqual(sentences(bundleOf(offers), saleOf({ member: { id: 'm' } })), [
      'Takes 1.50 off.',
      'Gives 7 points.',
      'Prints the coupon “T”, valid from 21 November 2026 to 4 December 2026.',
    ]);
  });
  test('which part of a schedule does not fit', () => {
    const cause = (schedule: object) => sentences(bundleOf([printing('c', { schedule })]), basket)[0];
    assert.equal(cause({ from: '2026-12-01' }), 'Not printed: starts on 1 December 2026.');
    assert.equal(cause({ to: '2026-11-20' }), 'Not printed: ended on 20 November 2026.');
    assert.equal(cause({ days: ['mon', 'tue'] }), 'Not printed: runs only on Monday and Tuesday.');
    assert.equal(cause({ times: [{ from: '08:00', to: '10:00' }] }), 'Not printed: runs only from 08:00 to 10:00.');
  });
  const welcome = printing('w', { name: 'Welcome coupon', schedule: { from: '2027-01-01' } });
  const member = { id: 'm', tier: 'basic', joined: '2026-11-20', birthday: '1990-12-30', segments: ['s'] };
  const had = (issuedAt: string) => ({ coupons: [{ offer: 'w', serial: 'A', issuedAt }] });
  const tea = { category: ['food/tea'] };
  const told: readonly (readonly [fields: object, sale: object, ...sentences: string[]])[] = [
    [
      { when: { items: { of: tea, atLeast: 1 } } },
      {},
      'Not printed: needs 1 piece of tea, the basket had none.',
      'Nicht gedruckt: braucht 1 Stück von tea, im Korb war nichts davon.',
      'Non imprimé : demande 1 pièce de tea, le panier n’en contenait pas.',
      'Non stampato: richiede 1 pezzo di tea, il carrello non ne conteneva.',
    ],
    [
      { when: { not: { spend: { atLeast: 500 } } } },
      {},
      'Not printed: not with at least 5.00 spent, the basket had 12.40.',
      'Nicht gedruckt: schliesst einen Einkauf von mindestens 5.00 aus, im Korb war 12.40.',
      'Non imprimé : exclu avec au moins 5.00 d’achats, le panier en contenait 12.40.',
      'Non stampato: escluso con almeno 5.00 di spesa, il carrello ne conteneva 12.40.',
    ],
    [
      { when: { received: { offer: 'w', withinDays: 30, atMost: 0 } } },
      { member, history: had('2026-11-20T09:00:00+01:00') },
      'Not printed: not with at least 1 coupon “Welcome coupon” printed in 30 days, there was 1.',
      'Nicht gedruckt: schliesst mindestens 1 Bon «Welcome coupon» (gedruckt in 30 Tagen) aus, es gab 1.',
      'Non imprimé : exclu avec au moins 1 bon « Welcome coupon » imprimé en 30 jours, il y en a eu 1.',
      'Non stampato: escluso con almeno 1 buono «Welcome coupon» stampato in 30 giorni, ce n’è stato 1.',
    ],
    [
      { after: { offer: 'w', outcome: 'unredeemed', minDays: 7 } },
      { member, history: had('2026-11-20T09:00:00+01:00') },
      'Not printed: needs a coupon “Welcome coupon” that was printed at least 7 days ago and is still open; it was yesterday.',
      'Nicht gedruckt: braucht einen Bon «Welcome coupon», der vor mindestens 7 Tagen gedruckt wurde und noch offen ist; es war gestern.',
      'Non imprimé : demande un bon « Welcome coupon » imprimé il y a au moins 7 jours et encore ouvert ; c’était hier.',
      'Non stampato: richiede un buono «Welcome coupon» stampato almeno 7 giorni fa e ancora aperto; era ieri.',
    ],
    [
      { audience: { memberDays: { atLeast: 30 } } },
      { member },
      'Not printed: needs a membership of at least 30 days, the customer has 1.',
      'Nicht gedruckt: braucht eine Mitgliedschaft von mindestens 30 Tagen, der Kunde hat 1.',
      'Non imprimé : demande une adhésion d’au moins 30 jours, le client a 1.',
      'Non stampato: richiede un’iscrizione di almeno 30 giorni, il cliente ha 1.',
    ],
    [
      { audience: { not: { segment: 's' } } },
      { member },
      'Not printed: not for the customer group “s”, the customer is in it.',
      'Nicht gedruckt: nicht für die Kundengruppe «s», der Kunde ist darin.',
      'Non imprimé : pas pour le groupe de clients « s », le client en fait partie.',
      'Non stampato: non per il gruppo di clienti «s», il cliente ne fa parte.',
    ],
    [
      { caps: [{ scope: 'household', limit: 1, window: { days: 1 } }] },
      { member, counters: { x: { household: 1 } } },
      'Not printed: at most 1 for each household in 24 hours, and there was 1 already.',
      'Nicht gedruckt: höchstens 1 pro Haushalt in 24 Stunden, es war schon 1.',
      'Non imprimé : au plus 1 par ménage en 24 heures, il y en a déjà eu 1.',
      'Non stampato: al massimo 1 per famiglia in 24 ore, ce n’è già stato 1.',
    ],
    [
      { schedule: { from: '2026-12-01' } },
      {},
      'Not printed: starts on 1 December 2026.',
      'Nicht gedruckt: beginnt erst am 1. Dezember 2026.',
      'Non imprimé : commence le 1er décembre 2026.',
      'Non stampato: inizia il 1 dicembre 2026.',
    ],
  ];
  for (const [fields, sold, ...expected] of told)
    test(expected[0] ?? '', () => {
      const document = bundleOf([printing('x', fields), welcome]);
      const read = (['en', 'de', 'fr', 'it'] as const).map(language =>
        explain(compileBundle(document as Bundle), { ...basket, ...sold } as Sale, language)
          .filter(({ offer: id }) => id === 'x')
          .map(({ sentence }) => sentence),
      );
      assert.deepEqual(read.flat(), expected);
    });
  test('that head office took the offers back, not when they would have ended', () => {
    const compiled = compileBundle(bundleOf([coffee]) as Bundle);
    endIssue(compiled, withdrawn);
    assert.equal(
      explain(compiled, basket as Sale, 'en')[0]?.sentence,
      'Not printed: head office has withdrawn these offers and has to send new ones.',
    );
  });
});

test('every outcome has its sentence in every language, without a gap', () => {
  fc.assert(
    fc.property(bundle(), sale, fc.constantFrom(...languages), (document, basket, language) => {
      const compiled = compileBundle(document);
      const decision = decisionOf(document, basket);
      const explained = explain(compiled, basket, language);
      assert.equal(
        explained.length,
        decision.applied.length +
          (decision.points?.offers.length ?? 0) +
          decision.issue.length +
          decision.suppressed.length +
          decision.rejected.length,
      );
      for (const { sentence } of explained) assert.match(sentence, /^\p{Lu}.{8,}[.]$/u, sentence);
      for (const { sentence } of explained) assert.doesNotMatch(sentence, /undefined|\bnull\b|NaN|\[object|\$\{/);
      assert.deepEqual(
        explained.filter(({ outcome }) => outcome === 'rejected').map(({ offer: id, reason }) => [id, reason]),
        decision.rejected.map(({ offer: id, reason }) => [id, reason]),
      );
    }),
    { numRuns: 150 },
  );
});
