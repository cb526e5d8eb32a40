/** Every offer with its reason, in sentences: what applied, what prints, and why the others do not. */
import type { Language } from '../api/till-service.ts';
import type { ExplainAnswer } from '../api/wire.ts';
import { type Explanation, explain, explainStored } from '../offers/index.ts';
import type { Evaluation } from './evaluation.ts';
import type { SaleParts } from './parts.ts';
import { reasonSentence } from './reasons.ts';

type Entry = ExplainAnswer['offers'][number];

export function explainAnswer(parts: SaleParts, evaluation: Evaluation, language: Language): ExplainAnswer {
  const { decision, decided } = evaluation;
  const active = parts.bundles.active();
  const entries = explanations(parts, evaluation, language).map(({ sentence, ...entry }) => ({
    ...entry,
    detail: sentence,
  }));
  return {
    saleId: decision.saleId,
    bundle: decided ? { ...decision.bundle } : null,
    offers: [...entries, ...withheld(parts, evaluation, language)].map(entry => ({
      ...entry,
      name: active?.offers.get(entry.offer)?.name ?? null,
    })),
  };
}

function explanations(parts: SaleParts, evaluation: Evaluation, language: Language): readonly Explanation[] {
  const { decision, decided, document } = evaluation;
  const active = parts.bundles.active();
  const same = active?.ref.id === decision.bundle.id && active.ref.version === decision.bundle.version;
  if (decided && active !== null && same && document.lines.length > 0) {
    const told = explain(active.compiled, document, language);
    if (tellsOf(told, decision)) return told;
  }
  // Another bundle decided this sale, or head office has taken back since what it gave: it is told as it was decided.
  return explainStored(decision, active?.bundle.currency ?? parts.currency, language);
}

/** Whether all that happened is among it. */
function tellsOf(told: readonly Explanation[], { applied, issue, suppressed }: Evaluation['decision']): boolean {
  const happened = new Set(told.map(({ outcome, offer, serial }) => `${outcome} ${offer} ${serial}`));
  const isTold = (outcome: Explanation['outcome'], offer: string, serial: string | undefined) =>
    happened.has(`${outcome} ${offer} ${serial ?? null}`);
  return (
    applied.every(({ offer, serial }) => isTold('applied', offer, serial)) &&
    issue.every(({ offer }) => isTold('issued', offer, undefined)) &&
    suppressed.every(({ offer, serial }) => isTold('suppressed', offer, serial))
  );
}

/** Coupons that this till did not even ask the evaluator about. */
function withheld(parts: SaleParts, evaluation: Evaluation, language: Language): readonly Omit<Entry, 'name'>[] {
  return [...evaluation.withheld].flatMap(([serial, why]) => {
    const coupon = parts.store.coupons.get(serial);
    if (coupon === null) return [];
    const detail = reasonSentence(parts, { reason: why.reason, coupon, withheld: why, evaluation }, language);
    return [{ offer: coupon.offer, phase: 'issue', outcome: 'rejected', serial, reason: why.reason, detail }] as const;
  });
}
