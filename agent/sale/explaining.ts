/** Every offer with its reason: what applied, what prints, and why the others do not. */
import type { Language } from '../api/till-service.ts';
import type { ExplainAnswer } from '../api/wire.ts';
import type { Evaluation } from './evaluation.ts';
import type { SaleParts } from './parts.ts';

type Entry = ExplainAnswer['offers'][number];

export function explainAnswer(parts: SaleParts, evaluation: Evaluation, _language: Language): ExplainAnswer {
  const { decision, decided } = evaluation;
  const offers = parts.bundles.active()?.offers;
  const entry = (of: { offer: string; serial?: string }, rest: Omit<Entry, 'offer' | 'name' | 'serial'>): Entry => ({
    offer: of.offer,
    name: offers?.get(of.offer)?.name ?? null,
    serial: of.serial ?? null,
    ...rest,
  });
  return {
    saleId: decision.saleId,
    bundle: decided ? { ...decision.bundle } : null,
    offers: [
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
    ],
  };
}
