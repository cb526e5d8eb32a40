/** Everything that is asked of the ledger, in statements that SQLite and PostgreSQL both understand. */
import { bundleQuestions } from './bundle-questions.ts';
import { campaignQuestions } from './campaign-questions.ts';
import { eventQuestions } from './event-questions.ts';
import type { Query } from './query.ts';
import { reconcileQuestions } from './reconcile.ts';
import { saleQuestions } from './sale-questions.ts';
import { tillQuestions } from './till-questions.ts';

export const askThrough = (query: Query) => ({
  ...tillQuestions(query),
  ...saleQuestions(query),
  ...eventQuestions(query),
  ...reconcileQuestions(query),
  ...campaignQuestions(query),
  ...bundleQuestions(query),
});
