/** The printer of a till that has none configured: coupons wait in the queue, nothing is said to be printed. */
import type { Printer } from '../drivers/printer/types.ts';

export const absentPrinter: Printer = {
  start() {},
  async stop() {},
  status: () => ({ device: '', problem: 'missing', paperNearEnd: false, evidence: null, printing: false }),
  onStatus: () => () => {},
  print: ({ abandon }) =>
    new Promise(resolve => {
      const failed = () => resolve({ evidence: 'failed', detail: 'no printer is configured' });
      if (abandon === undefined) return;
      if (abandon.aborted) failed();
      else abandon.addEventListener('abort', failed, { once: true });
    }),
};
