/**
 * States that a healthy till can't be brought into by hand, against a stand-in for its API: the agent gone and back, answers
 * lost, offers expired or missing, a faulty disk; and the screen beside a POS, where it only shows.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { StatusView } from '../../agent/api/wire.ts';
import { sentencesIn } from '../../agent/sale/sentences.ts';
import { texts } from '../../ui/till/texts.ts';
import { assertAccessible, assertGlance, assertLarge } from './support/audit.ts';
import { type Browser, picture, sizes, startBrowser } from './support/browser.ts';
import { type FakeAgent, fakeProducts, startFakeAgent } from './support/fake-agent.ts';

const { de } = texts;
const card = '2501000000017';
const [coffee = '', milk = ''] = fakeProducts.map(product => product.gtin);

let browser: Browser;
before(async () => {
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
});

test('the agent goes away in the middle of a sale: the screen says so, comes back by itself, and nothing is lost', async () => {
  await onScreen({}, async (page, agent) => {
    await enter(page, card);
    await enter(page, coffee);
    await page.locator('.earned').waitFor();
    await agent.down();
    await page.locator('.sign.is-urgent', { hasText: de.lost.head }).waitFor();
    await check(page, '30-agent-lost', '.sign.is-urgent strong');
    await agent.up();
    await page.locator('.sign').waitFor({ state: 'detached' });
    await page.locator('.line', { hasText: 'Kaffee' }).waitFor();
    await page.locator('.first-name', { hasText: 'Anna' }).waitFor();
    assert.match(agent.resumed.at(-1) ?? '', /^f-\d+$/, 'it resumes after the last event that it saw');
    await enter(page, milk);
    await page.locator('.line').nth(1).waitFor();
  });
});

test('the answer to a payment gets lost: it is sent again with the same words, and the sale is there once', async () => {
  await onScreen({}, async (page, agent) => {
    await enter(page, coffee);
    await page.locator('.line').waitFor();
    agent.loseAnswers(true);
    await page.keyboard.press('F2');
    await page.keyboard.press('F6');
    await page.locator('.sign.is-urgent', { hasText: de.lost.head }).waitFor();
    agent.loseAnswers(false);
    await agent.down();
    await agent.up();
    await page.getByText(de.paid).waitFor();
    const [[saleId = '', times = 0] = []] = [...agent.completions];
    assert.equal(agent.completions.size, 1);
    assert.ok(times >= 2, 'it was sent again');
    assert.equal(agent.sales.get(saleId)?.state, 'completed');
  });
});

test('the next code is typed while the article before is still on its way: not a key is lost', async () => {
  await onScreen({}, async page => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await page.route('**/scan', async route => {
      await released;
      await route.continue();
    });
    await enter(page, coffee);
    await page.locator('.code').pressSequentially('7610');
    release();
    await page.locator('.line', { hasText: 'Kaffee' }).waitFor();
    await page.locator('.code').pressSequentially('000000028');
    await page.keyboard.press('Enter');
    await page.locator('.line', { hasText: 'Vollmilch' }).waitFor();
  });
});

test('an article entered after a reload, before the till has said what it is, is not lost', async () => {
  await onScreen({}, async page => {
    await enter(page, coffee);
    await page.locator('.line', { hasText: 'Kaffee' }).waitFor();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await page.route('**/status', async route => {
      await released;
      await route.continue();
    });
    await page.reload();
    await page.locator('.line', { hasText: 'Kaffee' }).waitFor();
    await enter(page, coffee);
    release();
    await page.locator('.line .quantity', { hasText: '2' }).waitFor();
  });
});

const expired = {
  id: 'weekly',
  version: 46,
  activatedAt: '2026-11-09T04:00:00+01:00',
  notAfter: '2026-11-15T23:59:59+01:00',
  expired: true,
};
const noPrinter = {
  device: 'virtual:',
  problem: null,
  message: null,
  paperNearEnd: false,
  evidence: 'confirmed',
  printing: false,
  queued: 0,
};
const quietTroubles: readonly (readonly [string, Partial<StatusView>, string])[] = [
  ['31-offers-expired', { bundle: expired }, de.bundleExpired('15.11.')],
  ['32-no-offers', { bundle: null }, de.noBundle],
  [
    '33-offers-refused',
    { bundleRefused: { id: 'weekly', version: 48, code: 'bundle-invalid', faults: 3 } },
    de.bundleRefused,
  ],
  ['34-storage', { database: { ok: false, problem: 'quick_check' } }, de.database],
  [
    '34-storage-made-anew',
    { database: { ok: false, problem: 'quick_check', message: sentencesIn('de').storeDamaged } },
    sentencesIn('de').storeDamaged,
  ],
  ['34-disk-full', { disk: { freeBytes: 12e6, message: sentencesIn('de').diskFull } }, sentencesIn('de').diskFull],
  [
    '35-scanner-missing',
    { scanners: [{ device: 'hid:05e0:1900', connected: false, state: 'claimed', problem: 'not plugged in' }] },
    de.scannerGone,
  ],
  ['35-no-logo', { printer: { ...noPrinter, logoProblem: 'printer.logo can not be used' } }, de.noLogo],
];

for (const [name, status, sentence] of quietTroubles)
  test(`a quiet sign says it in one sentence and selling goes on: ${sentence}`, async () => {
    await onScreen(status, async page => {
      await page.locator('.sign', { hasText: sentence }).waitFor();
      await check(page, name, '.idle-head');
      await enter(page, coffee);
      await page.locator('.line').waitFor();
    });
  });

test('with three troubles at once the basket stays usable, and the urgent one speaks alone', async () => {
  await onScreen(
    {
      bundle: expired,
      line: { connected: false, since: '2026-11-17T14:10:00+01:00', message: null, problem: 'refused' },
      outbox: { waiting: 900, oldestAt: '2026-11-17T14:10:00+01:00', salesWaiting: 412 },
    },
    async (page, agent) => {
      await page.locator('.sign', { hasText: '412 Verkäufe warten.' }).waitFor();
      await enter(page, coffee);
      await check(page, '36-two-troubles', '.figure.large b');
      agent.change({ printer: { ...noPrinter, problem: 'cutter', queued: 1 } });
      await page.locator('.sign.is-urgent', { hasText: de.printer.cutter.head }).waitFor();
      assert.equal(await page.locator('.sign').count(), 1);
      assert.equal(await page.locator('.light.is-ill').count(), 2);
      await check(page, '37-urgent-first', '.sign.is-urgent strong');
    },
  );
});

test('beside a POS it shows the sale and cannot change it', async () => {
  await onScreen({ screenSells: false, simulator: false }, async (page, agent) => {
    await page.getByText(de.idleTodoShown).waitFor();
    const line = (lineId: string, at: number) => {
      const product = fakeProducts[at];
      assert.ok(product !== undefined);
      const { gtin, name, price, category } = product;
      return { lineId, gtin, name, quantity: '1', amount: price, category };
    };
    agent.put('P1', { startedAt: '2026-11-21T10:00:00+01:00', lines: [line('1', 0)] });
    await page.locator('.line', { hasText: 'Kaffee' }).waitFor();
    await enter(page, card);
    await page.locator('.first-name', { hasText: 'Anna' }).waitFor();
    agent.put('P1', { startedAt: '2026-11-21T10:00:00+01:00', lines: [line('1', 0), line('2', 1)] });
    await page.locator('.line').nth(1).waitFor();
    assert.equal(await page.locator('.actions, .row-actions').count(), 0, 'nothing to press that sells');
    await check(page, '38-beside-a-pos', '.figure.large b');
    agent.complete('P1');
    await page.locator('.headline.is-out').waitFor();
    await check(page, '39-beside-a-pos-out', '.headline');
    agent.put('P2', { startedAt: '2026-11-21T10:05:00+01:00', lines: [line('1', 1)] });
    await page.locator('.customer.is-guest').waitFor();
  });
});

test('the total moved between quote and payment: it asks to take the payment again', async () => {
  await onScreen({}, async (page, agent) => {
    await enter(page, coffee);
    await page.locator('.line').waitFor();
    const [saleId = ''] = agent.sales.keys();
    const sale = agent.sales.get(saleId);
    assert.ok(sale !== undefined);
    (agent.sales as Map<string, typeof sale>).set(saleId, {
      ...sale,
      total: { ...sale.total, net: sale.total.net - 100, discount: 100 },
    });
    await page.keyboard.press('F2');
    await page.keyboard.press('F6');
    await page.locator('.say.is-bad', { hasText: de.priceMoved }).waitFor();
    await page.locator('.figure.large b', { hasText: '13.95' }).waitFor();
    await page.locator('.say.is-bad').click({ button: 'right' });
    await page.locator('.details', { hasText: 'total-mismatch' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('F6');
    await page.getByText(de.paid).waitFor();
  });
});

/** What a browser says of a server that is not there is no complaint of ours. */
const expected = /ERR_(CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE|CONNECTION_RESET)|status of 409/;

async function onScreen(status: Partial<StatusView>, run: (page: Page, agent: FakeAgent) => Promise<void>) {
  const agent = await startFakeAgent(status);
  const { page, complaints } = await browser.open(`${agent.url}/#token=${agent.token}`, sizes.small);
  try {
    await page.locator('.lights').waitFor();
    await run(page, agent);
    assert.deepEqual(
      complaints.filter(text => !expected.test(text)),
      [],
    );
  } catch (error) {
    await picture(page, 'failed-trouble');
    throw error;
  } finally {
    await page.close();
    await agent.stop();
  }
}

async function check(page: Page, name: string, glance: string): Promise<void> {
  await picture(page, name);
  await assertGlance(page, glance);
  await assertLarge(page);
  await assertAccessible(page, 7);
}

async function enter(page: Page, code: string): Promise<void> {
  await page.locator('.code').fill(code);
  await page.locator('.enter').click();
}
