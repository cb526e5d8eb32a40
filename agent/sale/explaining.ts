/** Every offer with its reason, in sentences: what applied, what prints, and why the others do not. */
import type { Language } from '../api/till-service.ts';
import type { ExplainAnswer } from '../api/wire.ts';
import { explain } from '../offers/index.ts';
import type { Active } from './active-bundle.ts';
import type { Evaluation } from './evaluation.ts';
import type { SaleParts } from './parts.ts';
import { reasonSentence } from './reasons.ts';

type Entry = ExplainAnswer['offers'][number];

export function explainAnswer(parts: SaleParts, evaluation: Evaluation, language: Language): ExplainAnswer {
  const { decision, decided, document } = evaluation;
  const active = parts.bundles.active();
  const same = active?.ref.id === decision.bundle.id && active.ref.version === decision.bundle.version;
  const entries =
    decided && active !== null && same && document.lines.length > 0
      ? inSentences(active, evaluation, language)
      : asDecided(evaluation);
  return {
    saleId: decision.saleId,
    bundle: decided ? { ...decision.bundle } : null,
    offers: [...entries, ...withheld(parts, evaluation, language)].map(entry => ({
      ...entry,
      name: active?.offers.get(entry.offer)?.name ?? null,
    })),
  };
}

type Unnamed = Omit<Entry, 'name'>;

function inSentences(active: Active, { document }: Evaluation, language: Language): readonly Unnamed[] {
  return explain(active.compiled, document, language).map(({ offer, phase, outcome, serial, reason, sentence }) => ({
    offer,
    phase,
    outcome,
    serial,
    reason,
    detail: sentence,
  }));
}

/** For a sale that another bundle decided: what was kept of it then. */
function asDecided({ decision }: Evaluation): readonly Unnamed[] {
  const entry = (of: { offer: string; serial?: string }, rest: Omit<Unnamed, 'offer' | 'serial'>): Unnamed => ({
    offer: of.offer,
    serial: of.serial ?? null,
    ...rest,
  });
  return [
    ...decision.applied.map(of => entry(of, { phase: of.phase, outcome: 'applied', reason: null, detail: '' })),
    ...(decision.points?.offers ?? []).map(of =>
      entry(of, { phase: 'points', outcome: 'points', reason: null, detail: '' }),
    ),
    ...decision.issue.map(of => entry(of, { phase: 'issue', outcome: 'issued', reason: null, detail: of.title })),
    ...decision.suppressed.map(of =>
      entry(of, { phase: of.phase, outcome: 'suppressed', reason: of.reason, detail: '' }),
    ),
    ...decision.rejected.map(of =>
      entry(of, { phase: of.phase, outcome: 'rejected', reason: of.reason, detail: of.detail }),
    ),
  ];
}

/** Coupons that this till did not even ask the evaluator about. */
function withheld(parts: SaleParts, evaluation: Evaluation, language: Language): readonly Unnamed[] {
  return [...evaluation.withheld].flatMap(([serial, why]) => {
    const coupon = parts.store.coupons.get(serial);
    if (coupon === null) return [];
    const detail = reasonSentence(parts, { reason: why.reason, coupon, withheld: why, evaluation }, language);
    return [{ offer: coupon.offer, phase: 'issue', outcome: 'rejected', serial, reason: why.reason, detail }] as const;
  });
}
