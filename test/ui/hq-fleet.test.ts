/** The console over a chain too large to be followed whole: sums by reason lead to lists, a store by its name. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { texts } from '../../ui/hq/texts.ts';
import { onLine, tenant } from '../sync/support/line.ts';
import { assertAccessible } from './support/audit.ts';
import { sizes, startBrowser } from './support/browser.ts';

const at = '2026-11-21T10:15:00Z';
const consoleDir = join(import.meta.dirname, '..', '..', 'ui', 'dist', 'hq');

test('of 600 tills one sees how many something ails and why, and from there which', () =>
  onLine('aedes', async line => {
    const broker = { url: line.broker.url, username: 'hq', password: 'hq-secret' };
    const hq = line.hq({ config: { tenant, dataDir: join(line.dir, 'hq'), consoleDir, api: { port: 0 }, broker } });
    await hq.start();
    // In each of a hundred stores till 5 is off line.
    const states = Array.from({ length: 600 }, (_, n) => {
      const store = String(1000 + Math.floor(n / 6));
      const state = { online: n % 6 !== 5, boot: 1, session: 1, epoch: 1, at, agent: '1' };
      return { store, till: `${store}-${n % 6}`, state };
    });
    await hq.ledger.saveStates(states, at);
    const browser = await startBrowser();
    try {
      const { page, complaints } = await browser.open(`${hq.url}/#token=${hq.token}`, sizes.middle);
      const words = texts.de.ofTills;
      const row = page.getByRole('region', { name: words.byReason }).getByRole('row', { name: words.why.offline });
      await row.getByRole('cell', { name: '100' }).first().waitFor();
      await row.getByRole('link').click();
      await page.getByRole('heading', { name: words.why.offline }).waitFor();
      const list = page.getByRole('region', { name: texts.de.tills, exact: true });
      await list.getByRole('rowheader', { name: '1099 / 1099-5' }).waitFor();
      assert.equal(await list.getByRole('rowheader').count(), 100);
      await page.getByLabel(words.store).fill('1042');
      await page.getByRole('button', { name: words.show }).click();
      await list.getByRole('rowheader', { name: '1042 / 1042-0' }).waitFor();
      assert.equal(await list.getByRole('rowheader').count(), 6);
      await assertAccessible(page, 4.5);
      assert.deepEqual(complaints, []);
    } finally {
      await browser.close();
    }
  }));
