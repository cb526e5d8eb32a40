/** The control that must fail: the same store, but every write commits by itself instead of with its fact. */
import type { Store } from '../../agent/store/index.ts';

export function splitTransactions(store: Store): Store {
  const apart = <Part extends object>(part: Part): Part =>
    new Proxy(part, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => store.transaction(() => Reflect.apply(value, target, args) as unknown);
      },
    });
  return {
    ...store,
    sales: apart(store.sales),
    coupons: apart(store.coupons),
    printJournal: apart(store.printJournal),
    ledger: apart(store.ledger),
    outbox: apart(store.outbox),
    transaction: run => run(),
  };
}
