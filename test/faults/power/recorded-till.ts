/**
 * The till whose writes are recorded: sells by itself, the same for the same seed, and says on standard output, in one write
 * each, what POS and customer saw. Arguments: folder, seed, sales, `kill` or `close`, `full` or `normal`.
 */
import { writeSync } from 'node:fs';
import process from 'node:process';
import SqliteDatabase from 'better-sqlite3';
import { bundleOf, coffee, coffeeTenth, coreTill, earn, milk, nextVisit } from '../../sale/core-till.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { seeded } from '../seeded.ts';
import { tellingPrinter } from '../telling-printer.ts';

const [dir = '', seed = '0', sales = '10', end = 'close', synchronous = 'full', start = '2026-11-21T10:15:00+01:00'] =
  process.argv.slice(2);
const random = seeded(Number(seed));
const say = (line: string) => void writeSync(1, `${line}\n`);

// The control: the same till, whose commits do not wait for the disk.
if (synchronous === 'normal') {
  const { pragma } = SqliteDatabase.prototype;
  SqliteDatabase.prototype.pragma = function (text, options) {
    return pragma.call(this, text === 'synchronous = FULL' ? 'synchronous = NORMAL' : text, options);
  };
}

const slips: string[] = [];
const printer = tellingPrinter({ say, onPaper: serial => slips.push(serial), isInDoubt: () => random() < 0.1 });

const clock = new FakeClock(start);
const till = await coreTill({
  dir,
  clock,
  printer,
  random: length => Uint8Array.from({ length }, () => Math.floor(random() * 256)),
});
till.queue.start();
const cards = ['2501000000017', '2501000000024'];
let version = till.bundles.current()?.version ?? 1;
for (let sale = 0; sale < Number(sales); sale++) {
  const saleId = `S-${till.store.boot}-${sale}`;
  const card = cards[Math.floor(random() * 3)];
  if (card !== undefined) await till.sales.scan(saleId, { code: card }, 'en');
  till.sales.putSale(saleId, { startedAt: till.now(), lines: [coffee, milk] }, 'en');
  const slip = slips[Math.floor(random() * slips.length)];
  if (slip !== undefined) await till.sales.scan(saleId, { code: till.token(slip) }, 'en');
  const quote = till.sales.getSale(saleId, 'en');
  const { serials } = till.sales.complete(saleId, { completedAt: till.now(), total: quote.total.net }, 'en');
  say(`answered ${saleId} ${serials.join(' ')}`);
  if (random() < 0.15) {
    till.sales.voidSale(saleId, 'en');
    say(`voided ${saleId}`);
  }
  if (random() < 0.1) till.store.outbox.acknowledge(till.store.epoch, Math.floor(random() * 20));
  if (sale % 8 === 5) {
    version += 1;
    const bundle = bundleOf([nextVisit, coffeeTenth, earn], { version });
    const result = await till.activate(bundle);
    if (!result.ok) throw new Error(JSON.stringify(result));
    say(`activated ${version}`);
  }
  if (random() < 0.1) till.store.prune();
  await clock.advance(1000 + Math.floor(random() * 60_000));
}
if (end === 'kill') process.kill(process.pid, 'SIGKILL');
await till.close();
say('closed');
process.exit(0);
