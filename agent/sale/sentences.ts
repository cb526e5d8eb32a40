/** The till's sentences for its cashier, in four languages. */
export { type Formats, formatsOf } from './sentences/formats.ts';
export { lineSentence, momentOf, printerSentence, type Sentences, sentencesIn } from './sentences/sentences.ts';
