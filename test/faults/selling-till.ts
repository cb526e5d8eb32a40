/**
 * A till that sells without end until it is killed: the child process of kill-till.test.ts. It says on standard output, in one
 * write each, what a POS and a customer would have seen: `answered SALE SERIALS…`, `paper SERIAL`.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../../clock.ts';
import { coffee, coreTill, milk } from '../sale/core-till.ts';
import { seeded } from './seeded.ts';
import { splitTransactions } from './split-transactions.ts';
import { tellingPrinter } from './telling-printer.ts';

const [mode = 'sell', dir = '', seed = '0'] = process.argv.slice(2);
const random = seeded(Number(seed));
const say = (line: string) => void writeSync(1, `${line}\n`);

/** Slips that came out. */
const recent: string[] = [];

const wait = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));
const printer = tellingPrinter({
  say,
  onPaper: serial => recent.push(serial),
  isInDoubt: () => random() < 0.05,
  takes: what => wait(what === 'to begin' ? random() * 2 : 1 + random() * 3),
});

if (mode !== 'sell' && mode !== 'split' && mode !== 'drain') throw new Error(`no such mode: ${mode}`);
say('loaded');
await new Promise(resolve => process.stdin.once('data', resolve));

const till = await coreTill({
  dir,
  clock: systemClock,
  printer,
  ...(mode === 'split' ? { wrapStore: splitTransactions } : {}),
});
till.queue.start();

if (mode === 'drain') {
  while (till.queue.queued() > 0) await new Promise(resolve => setTimeout(resolve, 5));
  await till.close();
  process.exit(0);
}

const cards = ['2501000000017', '2501000000024'];
for (let sale = 0; ; sale++) {
  const saleId = `S-${till.store.boot}-${sale}`;
  const card = cards[Math.floor(random() * 3)];
  if (card !== undefined) await till.sales.scan(saleId, { code: card }, 'en');
  till.sales.putSale(saleId, { startedAt: till.now(), lines: [milk] }, 'en');
  till.sales.putSale(saleId, { startedAt: till.now(), lines: [coffee, milk] }, 'en');
  // A slip from before, used or not.
  const slip = recent[Math.floor(random() * recent.length)];
  if (slip !== undefined) await till.sales.scan(saleId, { code: till.token(slip) }, 'en');
  const quote = till.sales.getSale(saleId, 'en');
  const post = { completedAt: till.now(), total: quote.total.net };
  const { serials } = till.sales.complete(saleId, post, 'en');
  say(`answered ${saleId} ${serials.join(' ')}`);
  if (random() < 0.1) {
    till.sales.voidSale(saleId, 'en');
    say(`voided ${saleId}`);
  }
  if (random() < 0.3) await new Promise(resolve => setImmediate(resolve));
  if (random() < 0.2) await new Promise(resolve => setTimeout(resolve, 2));
}
