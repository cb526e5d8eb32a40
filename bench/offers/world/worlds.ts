/** The two worlds of the bench: a chain as it is, and one in which three times as many coupons could be printed for each basket. */
import type { Bundle, Sale } from '../../../agent/offers/index.ts';
import { bundleOf } from './campaign.ts';
import { chainBundleOf, listsOf } from './chain.ts';
import { salesOf } from './sales.ts';

export interface World {
  bundleOf(size: number): Bundle;
  /** @param bundle of the same world, whose coupons the members have had */
  salesOf(count: number, bundle: Bundle): Sale[];
}

export const worlds: Readonly<Record<'chain' | 'rich', World>> = {
  chain: {
    bundleOf: chainBundleOf,
    salesOf: (count, bundle) => salesOf(count, bundle, listsOf(bundle.offers.length)),
  },
  rich: { bundleOf, salesOf },
};
