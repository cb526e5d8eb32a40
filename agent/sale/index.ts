/** The sale: basket, member, coupons, completion, void. */
export {
  type ActiveBundle,
  type ActiveBundleOptions,
  createActiveBundle,
  type OfferEngine,
  offerEngine,
  type RefusedBundle,
} from './active-bundle.ts';
export { createSaleLeases } from './leasing.ts';
export { createSales, type Sales, type SalesOptions } from './sales.ts';
export type { ScanOutcome } from './scan.ts';
export { lineSentence, printerSentence, type Sentences, sentencesIn } from './sentences.ts';
