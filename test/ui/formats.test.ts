import assert from 'node:assert/strict';
import { test } from 'node:test';
import { texts as hqTexts } from '../../ui/hq/texts.ts';
import { formatsFor, type Language } from '../../ui/shared/formats.ts';
import { texts } from '../../ui/till/texts.ts';

const languages: readonly Language[] = ['de', 'fr', 'it', 'en'];

test('francs are written as Swiss tills write them, in every language', () => {
  for (const language of languages) {
    const formats = formatsFor(language, 'CHF');
    assert.equal(formats.amount(123_450), "1'234.50");
    assert.equal(formats.amount(5), '0.05');
    assert.equal(formats.count(2340), "2'340");
    assert.equal(formats.quantity('1.254', 'kg'), '1.254 kg');
    assert.equal(formats.quantity('2', 'ea'), '2');
    assert.equal(formats.dayMonth('2026-11-22'), '22.11.');
  }
});

test('euros follow the language, yen have no cents', () => {
  assert.equal(formatsFor('de', 'EUR').amount(123_450), '1.234,50');
  assert.equal(formatsFor('fr', 'EUR').amount(123_450), '1\u00a0234,50');
  assert.equal(formatsFor('en', 'EUR').amount(123_450), '1,234.50');
  assert.equal(formatsFor('de', 'EUR').decimal, ',');
  assert.equal(formatsFor('en', 'JPY').amount(500), '500');
});

test('an absence of today is told by the hour, of this week by the day, of longer by the date', () => {
  const formats = formatsFor('en', 'CHF');
  const at = (text: string) => new Date(text).toISOString();
  const now = Date.parse(at('2026-11-21T16:00:00'));
  assert.equal(formats.since(at('2026-11-21T14:10:00'), now), '14:10');
  assert.equal(formats.since(at('2026-11-17T14:10:00'), now), 'Tuesday 14:10');
  assert.match(formats.since(at('2026-10-02T14:10:00'), now), /2 October/);
});

test('every language says everything: no word is missing, empty or left in German', () => {
  for (const all of [texts, hqTexts] as const) {
    const german = flat(all.de);
    for (const language of languages) {
      const words = flat(all[language]);
      assert.deepEqual([...words.keys()], [...german.keys()]);
      for (const [key, word] of words) assert.notEqual(word.trim(), '', `${language} ${key}`);
    }
    const same = [...german].filter(
      ([key, word]) => word.length > 20 && flat(all.fr).get(key) === word && flat(all.en).get(key) === word,
    );
    assert.deepEqual(same, []);
  }
});

test('no exclamation but joy, and no code in a sentence for the cashier', () => {
  for (const language of languages)
    for (const [key, word] of flat(texts[language])) {
      if (key !== 'tierReached') assert.doesNotMatch(word, /!/, `${language} ${key}`);
      assert.doesNotMatch(word, /\b(error|http|json|undefined|null)\b/i, `${language} ${key}`);
    }
});

/** Every word by its path; functions are called with what they may get. */
function flat(value: object, path = ''): Map<string, string> {
  const words = new Map<string, string>();
  for (const [key, word] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (typeof word === 'string') words.set(at, word);
    else if (typeof word === 'function') words.set(at, String(word('2', '3', '4')));
    else for (const [inner, text] of flat(word as object, at)) words.set(inner, text);
  }
  return words;
}
