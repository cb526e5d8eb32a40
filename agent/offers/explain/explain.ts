/** A decision in sentences that a shop manager understands, for every offer and coupon, in four languages. */
import type { CompiledBundle } from '../compile.ts';
import { type Decided, decideWithFindings } from '../decide.ts';
import type { Decision, Phase, Reason, Sale } from '../types.ts';
import { causeOf, type Speaker } from './cause.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import { type Formats, formatsFor } from './formats.ts';
import { fr } from './fr.ts';
import { it } from './it.ts';
import type { Sentences } from './sentences.ts';

export type ExplainLanguage = 'de' | 'fr' | 'it' | 'en';

export interface Explanation {
  readonly offer: string;
  readonly phase: Phase;
  readonly outcome: 'applied' | 'issued' | 'points' | 'suppressed' | 'rejected';
  readonly serial: string | null;
  readonly reason: Reason | 'holdout' | null;
  readonly sentence: string;
}

const languages: Readonly<Record<ExplainLanguage, Sentences>> = { de, fr, it, en };

/**
 * Explains what the bundle decides for a sale: what happened first, then what did not, in the contract's order.
 * @param sale has passed `validateSale`
 */
export function explain(compiled: CompiledBundle, sale: Sale, language: ExplainLanguage): Explanation[] {
  return explainDecided(compiled, decideWithFindings(compiled, sale), language);
}

/**
 * Explains a decision that was taken by a bundle that is not here any more: what happened in the language, why not as it was
 * written down then, in English.
 */
export function explainStored(decision: Decision, currency: string, language: ExplainLanguage): Explanation[] {
  const say = languages[language];
  return [
    ...happened(decision, say, formatsFor(language, currency)),
    ...decision.rejected.map(({ offer, phase, serial, reason, detail }) => ({
      offer,
      phase,
      outcome: 'rejected' as const,
      serial: serial ?? null,
      reason,
      sentence: finish(opening(phase, serial, say) + detail),
    })),
  ];
}

function explainDecided(compiled: CompiledBundle, decided: Decided, language: ExplainLanguage): Explanation[] {
  const speaker = speakerFor(compiled, language);
  const { say, formats } = speaker;
  return [
    ...happened(decided.decision, say, formats),
    ...decided.refused.map(({ offer, phase, serial, finding }) => ({
      offer,
      phase,
      outcome: 'rejected' as const,
      serial: serial ?? null,
      reason: finding.reason,
      sentence: finish(opening(phase, serial, say) + causeOf(finding, speaker)),
    })),
  ];
}

function happened(decision: Decided['decision'], say: Sentences, formats: Formats): Explanation[] {
  return [
    ...decision.applied.map(({ offer, phase, serial, amount, lines }) => ({
      offer,
      phase,
      outcome: 'applied' as const,
      serial: serial ?? null,
      reason: null,
      sentence: amount === 0 && lines.length === 0 ? say.message : say.discount(formats.amount(amount)),
    })),
    ...(decision.points?.offers ?? []).map(({ offer, points, serial }) => ({
      offer,
      phase: 'points' as const,
      outcome: 'points' as const,
      serial: serial ?? null,
      reason: null,
      sentence: say.points(formats.number(points)),
    })),
    ...decision.issue.map(({ offer, title, validFrom, validTo }) => ({
      offer,
      phase: 'issue' as const,
      outcome: 'issued' as const,
      serial: null,
      reason: null,
      sentence: say.printed(title, formats.date(validFrom), formats.date(validTo)),
    })),
    ...decision.suppressed.map(({ offer, phase, serial, reason }) => ({
      offer,
      phase,
      outcome: 'suppressed' as const,
      serial: serial ?? null,
      reason,
      sentence: say.heldOut,
    })),
  ];
}

function opening(phase: Phase, serial: string | undefined, say: Sentences): string {
  if (serial !== undefined) return say.couponRefused(serial);
  if (phase === 'issue') return say.notPrinted;
  return phase === 'points' ? say.noPoints : say.notGiven;
}

function speakerFor(compiled: CompiledBundle, language: ExplainLanguage): Speaker {
  const { currency, timezone } = compiled.bundle;
  return {
    say: languages[language],
    formats: formatsFor(language, currency),
    timezone,
    nameOf: id => compiled.byId.get(id)?.offer.name ?? id,
    asked: asked[language],
  };
}

const asked: Readonly<Record<ExplainLanguage, Speaker['asked']>> = {
  de: new WeakMap(),
  fr: new WeakMap(),
  it: new WeakMap(),
  en: new WeakMap(),
};

function finish(sentence: string): string {
  return `${sentence}.`;
}
