/** Everything that is asked of the ledger, in statements that SQLite and PostgreSQL both understand. */
import { bundleQuestions } from './bundle-questions.ts';
import { campaignQuestions } from './campaign-questions.ts';
import { eventQuestions } from './event-questions.ts';
import { leaseQuestions } from './lease-questions.ts';
import type { Query } from './query.ts';
import { reconcileQuestions } from './reconcile.ts';
import { saleQuestions } from './sale-questions.ts';
import { tillQuestions } from './till-questions.ts';

/** @param settled the highest cursor below which no fact can appear any more; where one writer writes, each is */
export const askThrough = (query: Query, settled: () => Promise<number> = async () => Number.MAX_SAFE_INTEGER) => ({
  ...tillQuestions(query),
  ...saleQuestions(query),
  ...eventQuestions(query, settled),
  ...reconcileQuestions(query),
  ...campaignQuestions(query),
  ...bundleQuestions(query),
  ...leaseQuestions(query),
});
