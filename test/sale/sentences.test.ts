import assert from 'node:assert/strict';
import test from 'node:test';
import type { Language } from '../../agent/api/till-service.ts';
import { lineSentence, printerSentence, sentencesIn } from '../../agent/sale/index.ts';
import { formatsOf } from '../../agent/sale/sentences.ts';

const languages: readonly Language[] = ['de', 'fr', 'it', 'en'];
const zone = 'Europe/Zurich';
const at = (text: string) => Date.parse(text);

/** Every sentence of a language, those with gaps filled with something short. */
function all(language: Language): readonly string[] {
  const moment = { day: '12. November', time: null };
  return Object.entries(sentencesIn(language)).flatMap(([, value]) => {
    if (typeof value === 'string') return [value];
    if (typeof value === 'object') return Object.values(value as Record<string, string>);
    const say = value as (...gaps: unknown[]) => string;
    return value === sentencesIn(language).couponUsed
      ? [say(moment, '2'), say({ ...moment, time: '14:10' }, '2')]
      : [say('X', 'Y')];
  });
}

test('every sentence is there in every language, short, ends with a full stop, and holds no code or joyless shout', () => {
  const counts = languages.map(language => all(language).length);
  assert.equal(new Set(counts).size, 1);
  for (const language of languages) {
    for (const sentence of all(language)) {
      assert.match(sentence, /^[A-ZÀ-Ü0-9].*\.$/su, sentence);
      assert(sentence.length <= 110, `${sentence.length}: ${sentence}`);
      assert.doesNotMatch(sentence, /[!{}$_]|\b(undefined|null|error)\b|code \d/i, sentence);
    }
    assert.equal(new Set(all(language)).size, all(language).length, 'no two situations sound the same');
  }
});

test('Swiss German has no sharp s', () => {
  for (const sentence of all('de')) assert.doesNotMatch(sentence, /ß/);
});

test('the line to HQ is told with weekday, time and what waits', () => {
  const line = {
    sinceMs: at('2026-11-17T14:10:00+01:00'),
    nowMs: at('2026-11-21T10:15:00+01:00'),
    salesWaiting: 412,
    timeZone: zone,
  };
  assert.deepEqual(
    languages.map(language => lineSentence(line, language)),
    [
      'Keine Verbindung zur Zentrale seit Dienstag 14:10. Der Verkauf geht weiter. 412 Verkäufe warten.',
      'Pas de liaison avec la centrale depuis mardi 14:10. La vente continue. 412 ventes en attente.',
      'Nessun collegamento con la centrale da martedì 14:10. La vendita continua. 412 vendite in attesa.',
      'No line to HQ since Tuesday 14:10. Selling goes on. 412 sales waiting.',
    ],
  );
  assert.equal(lineSentence({ ...line, salesWaiting: 0 }, 'en'), 'No line to HQ since Tuesday 14:10. Selling goes on.');
  assert.match(lineSentence({ ...line, salesWaiting: 1 }, 'en'), / 1 sale waiting\.$/);
  assert.match(lineSentence({ ...line, salesWaiting: 12_412 }, 'de'), /12['’]412 Verkäufe warten\.$/);
  // A weekday of another week would mislead.
  const old = { ...line, sinceMs: at('2026-11-03T14:10:00+01:00') };
  assert.match(lineSentence(old, 'en'), /since 3 November 14:10\./);
});

test('dates and money are said as people in the country write them', () => {
  const now = at('2026-11-21T10:15:00+01:00');
  const day = (language: Language, ms: number) => formatsOf(language, zone).day(ms, now);
  assert.equal(day('de', at('2026-11-12T08:00:00+01:00')), '12. November');
  assert.equal(day('fr', at('2026-11-12T08:00:00+01:00')), '12 novembre');
  assert.equal(day('en', at('2025-11-12T08:00:00+01:00')), '12 November 2025', 'another year is said');
  // 23:30 UTC is the next day in Zurich.
  assert.equal(day('en', at('2026-11-12T23:30:00Z')), '13 November');
  assert.match(formatsOf('de', zone).money(123_450, 'CHF'), /^CHF 1['’]234\.50$/);
  assert.equal(formatsOf('en', zone).money(500, 'JPY'), 'JPY 500');
});

test('each printer problem has its instruction, and none means silence', () => {
  assert.equal(
    printerSentence('paper-out', 'en'),
    'Paper is out. Open the cover, put in a roll. The coupon prints by itself.',
  );
  assert.equal(printerSentence(null, 'en'), null);
});
