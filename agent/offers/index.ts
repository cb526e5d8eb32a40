/** The offers part as the rest of the product sees it. Pure: no I/O, no clock, no randomness. */
export { type Activated, activating } from './activate.ts';
export { type CompiledBundle, compileBundle, endIssue, withdrawn } from './compile.ts';
export { decide, type MadeDecision, prepareBundle, prepareMember, scanBasket } from './decide.ts';
export { type ExplainLanguage, type Explanation, explain, explainStored } from './explain/explain.ts';
export type { Fault } from './fault.ts';
export { runningGolden } from './golden.ts';
export type { PreparedMember } from './lookup/lookup.ts';
export type { ScannedBasket } from './scanned.ts';
export { addDays, daysBetween, expiresAt, localDateOf } from './time.ts';
export type * from './types.ts';
export { type BundleResult, parseBundle, validateBundle } from './validate/bundle.ts';
export { parseSale, type SaleResult, validateSale } from './validate/sale.ts';
