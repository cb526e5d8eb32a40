/**
 * A till that sells until it is killed: the child process of real-kills.ts. Real store, journal, queue and driver; the printer listens on TCP in the parent,
 * which kills this process at a byte. `sell`: sells on and on; `drain`: ends when nothing waits to be printed.
 */
import { writeSync } from 'node:fs';
import { layoutCoupon } from '../../../agent/printing/layout.ts';
import { createPrintQueue } from '../../../agent/printing/queue.ts';
import { systemClock } from '../../../clock.ts';
import { createPrinter } from '../../../drivers/printer/printer.ts';
import { resolveProfile } from '../../../drivers/printer/profiles.ts';
import { openTransport } from '../../../drivers/printer/transports/open.ts';
import { coreTill } from '../../sale/core-till.ts';

const [mode = '', dir = '', device = '', profileName = ''] = process.argv.slice(2);
const say = (line: string) => void writeSync(1, `${line}\n`);
say('loaded');
await new Promise(resolve => process.stdin.once('data', resolve));

const till = await coreTill({ dir, clock: systemClock });
const profile = resolveProfile(profileName, 80);
const driver = createPrinter({ transport: openTransport(device), profile, clock: systemClock });
let told = () => {};
const queue = createPrintQueue({
  store: till.store,
  book: till.book,
  printer: driver,
  clock: systemClock,
  layout: (content, reprint) =>
    layoutCoupon({ ...content, barcode: 'qr', languages: [content.language], reprint }, profile.columns),
  onCoupon: () => told(),
});
driver.start();
queue.start();

/** One coupon is in the queue while another is at the printer: both must survive. */
const mostWaiting = 2;
for (let sale = 0; mode === 'sell' || queue.queued() > 0; sale++) {
  if (mode === 'sell' && queue.queued() < mostWaiting) {
    const [serial = ''] = await till.sell(`S-${till.store.boot}-${sale}`);
    queue.wake();
    say(`sold ${serial}`);
  } else
    await new Promise<void>(resolve => {
      told = resolve;
    });
}
await queue.stop();
await driver.stop();
await till.close();
process.exit(0);
