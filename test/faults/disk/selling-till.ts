/**
 * A till that sells on a disk that fails: the child process of disk.test.ts, run under strace, which makes its writes fail. It
 * says what the POS was told: `answered SALE SERIALS…`, `refused CODE`. Arguments: folder, sales that must succeed after the trouble.
 */
import { writeSync } from 'node:fs';
import process from 'node:process';
import { isTillsideError } from '../../../errors.ts';
import { coffee, coreTill, milk } from '../../sale/core-till.ts';

const [dir = '', wanted = '10'] = process.argv.slice(2);
const say = (line: string) => void writeSync(1, `${line}\n`);
const mostSales = 60;

const till = await coreTill({ dir });
till.queue.start();
say('open');
let refusals = 0;
let since = 0;
for (let sale = 0; sale < mostSales && (refusals === 0 || since < Number(wanted)); sale++) {
  const saleId = `S-${sale}`;
  // As a POS does it: what was refused is asked for again, until it is answered.
  for (let times = 0; times < 50; times++)
    try {
      await till.sales.scan(saleId, { code: '2501000000017' }, 'en');
      const { total } = till.sales.putSale(saleId, { startedAt: till.now(), lines: [coffee, milk] }, 'en');
      const post = { completedAt: till.now(), total: total.net };
      const { serials } = till.sales.complete(saleId, post, 'en');
      say(`answered ${saleId} ${serials.join(' ')}`);
      if (refusals > 0) since += 1;
      break;
    } catch (error) {
      refusals += 1;
      since = 0;
      say(`refused ${isTillsideError(error) ? error.code : String(error)}`);
    }
  await till.clock.advance(1000);
}
for (const fault of till.faults) say(`fault ${isTillsideError(fault) ? fault.code : String(fault)}`);
await till.close();
say('closed');
process.exit(0);
