/** HQ's page in a real browser, against the real HQ of the demo: sales arrive live, one sale in full, publishing. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { sampleMembers } from '../../agent/demo/shop/members.ts';
import { sampleProducts } from '../../agent/demo/shop/products.ts';
import { texts } from '../../ui/hq/texts.ts';
import { assertAccessible, fitsPhone } from './support/audit.ts';
import { type Browser, picture, sizes, startBrowser } from './support/browser.ts';
import { openShop, type Shop } from './support/shop.ts';

const { de } = texts;
let shop: Shop;
let browser: Browser;

before(async () => {
  [shop, browser] = await Promise.all([openShop(), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await shop?.stop();
});

test('the start page answers four questions, and a sale arrives while one looks', async () => {
  await onPage('', async page => {
    await page.getByText(de.allOnline('2')).waitFor();
    await page.getByText(de.bundleAll('2')).waitFor();
    await page.getByText(de.noSales).waitFor();
    const saleId = sell('1');
    await page.locator(`a[href*="${saleId}"]`).waitFor();
    await page.getByText(de.salesCount('1'), { exact: true }).waitFor();
    await picture(page, '50-hq-start');
    await assertAccessible(page, 4.5);
  });
});

test('one sale leads from the list to what was sold, what was printed with which evidence, and every fact', async () => {
  await onPage('sales', async page => {
    const saleId = sell('2');
    await page.locator(`a[href*="${saleId}"]`).click();
    await page.getByRole('heading', { name: `${de.sale} ${saleId}` }).waitFor();
    await page.getByText('sale.completed').waitFor();
    await page.locator('.mark', { hasText: de.printedAs.confirmed }).first().waitFor();
    assert.match(page.url(), new RegExp(`#/sales/2/${saleId}\\?store=0042$`));
    await picture(page, '51-hq-sale');
    await assertAccessible(page, 4.5);
    await page.reload();
    await page.getByRole('heading', { name: `${de.sale} ${saleId}` }).waitFor();
  });
});

test('a broken bundle is not published: every fault is shown with its place', async () => {
  await onPage(
    'bundles',
    async page => {
      const bundle = JSON.parse(readFileSync(shop.bundleFile, 'utf8'));
      const broken = { ...bundle, version: bundle.version + 1, offers: [{ ...bundle.offers[0], phase: 'lines' }] };
      await choose(page, broken);
      await page.getByText(de.notPublished).waitFor();
      await page.locator('code', { hasText: '/offers/0' }).first().waitFor();
      await picture(page, '52-hq-faults');
      await assertAccessible(page, 4.5);
    },
    /status of 422/,
  );
});

test('a good bundle is published, and one sees which till has it', async () => {
  await onPage('bundles', async page => {
    const bundle = JSON.parse(readFileSync(shop.bundleFile, 'utf8'));
    await choose(page, { ...bundle, version: bundle.version + 1 });
    await page.getByText(de.published(`weekly ${bundle.version + 1}`)).waitFor();
    const row = page.locator('tr', { hasText: `weekly ${bundle.version + 1}` });
    await row.locator('.piece.is-active').nth(1).waitFor();
    await picture(page, '53-hq-published');
    await assertAccessible(page, 4.5);
  });
});

test('a bundle is rolled out by rings, stopped and taken back by hand, and the signing key is told', async () => {
  const words = de.ofRollouts;
  await onPage('rollouts', async page => {
    await page.getByText(words.none).waitFor();
    await page.getByText(words.noAlarms).waitFor();
    const bundle = JSON.parse(readFileSync(shop.bundleFile, 'utf8'));
    const next = `weekly ${bundle.version + 2}`;
    const text = JSON.stringify({ ...bundle, version: bundle.version + 2 });
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'bundle.json', mimeType: 'application/json', buffer: Buffer.from(text) });
    await page.getByRole('button', { name: words.begin, exact: true }).click();
    await page.getByText(words.begun(next)).waitFor();
    const rollout = page.getByRole('region', { name: next, exact: true }).first();
    // Both tills of the one store, by their own word.
    await rollout
      .locator('tr', { hasText: words.store('0042') })
      .getByText('2', { exact: true })
      .nth(2)
      .waitFor();
    await picture(page, '57-hq-rollout');
    await assertAccessible(page, 4.5);
    await rollout.getByRole('button', { name: words.stop }).click();
    await rollout.getByRole('button', { name: words.sure }).click();
    await rollout.getByText(words.state.stopped).waitFor();
    await rollout.getByRole('button', { name: words.rollBack }).click();
    await rollout.getByRole('button', { name: words.sure }).click();
    await page.getByText(words.rolledBack(`weekly ${bundle.version + 3}`)).waitFor();
    await page.getByText(words.state.superseded).waitFor();
    await page.getByText(/Schlüssel [0-9a-f]{16} unterschreibt/).waitFor();
  });
});

test('one till has its address, with its own sales', async () => {
  await onPage('tills', async page => {
    await page.locator('.mark.is-well', { hasText: de.online }).nth(1).waitFor();
    await page.getByRole('link', { name: '0042 / 1' }).click();
    await page.getByRole('heading', { name: /0042 \/ 1/ }).waitFor();
    await page.getByText(de.evidenceIs.confirmed).waitFor();
    const simulator = shop.tills.find(known => known.till === '1')?.agent.service.simulator;
    simulator?.printer({ paper: false });
    await page.locator('.mark.is-ill', { hasText: de.printerIs['paper-out'] }).waitFor();
    await picture(page, '54-hq-till');
    await assertAccessible(page, 4.5);
    simulator?.printer({ paper: true });
    await page.locator('.mark.is-ill').waitFor({ state: 'detached' });
  });
});

test('campaigns and reconciliation have their addresses', async () => {
  await onPage('campaigns', async page => {
    await page.getByRole('table').waitFor();
    await picture(page, '55-hq-campaigns');
    await assertAccessible(page, 4.5);
    await page.getByRole('link', { name: de.reconcile }).click();
    await page.getByText(de.reconcileTodo).waitFor();
    await page.getByRole('table').waitFor();
    await picture(page, '56-hq-reconcile');
    await assertAccessible(page, 4.5);
  });
});

test('members are counted, never named: which version the tills have, and who has deleted whom HQ erased', async () => {
  const words = de.ofMembers;
  await onPage('members', async page => {
    await page.getByText(words.lead("2'400")).waitFor();
    const row = page.locator('tr', { has: page.getByRole('rowheader', { name: '0042', exact: true }) });
    await row.locator('.mark.is-well', { hasText: /^2$/ }).waitFor();
    await page.getByText(words.noErasures).waitFor();
    const [member] = sampleMembers(new Date().toISOString().slice(0, 10), 1);
    const answer = await fetch(`${shop.hq.url}/v1/members/erase`, {
      method: 'POST',
      headers: { authorization: `Bearer ${shop.hq.token}` },
      body: JSON.stringify({ member: member?.id }),
    });
    assert.equal(answer.status, 200);
    await page.getByText(words.done).waitFor();
    await page.getByText(words.lead("2'399")).waitFor();
    await row.locator('.mark.is-well', { hasText: /^2$/ }).waitFor();
    assert.ok(!(await page.locator('main').innerText()).includes(member?.firstName ?? '?'));
    await picture(page, '58-hq-members');
    await assertAccessible(page, 4.5);
    await fitsPhone(page, '58-hq-members-small');
  });
});

test('an HQ that enrols no tills says so, and where it stands how', async () => {
  await onPage(
    'enrolment',
    async page => {
      await page.getByText(de.ofEnrolment.off).waitFor();
      await assertAccessible(page, 4.5);
    },
    /status of 404/,
  );
});

test('HQ’s own line to the broker breaks: the page says so, and recovers by itself', async () => {
  await onPage('', async page => {
    await shop.broker.stop();
    await page.getByText(de.broker).waitFor();
    await picture(page, '57-hq-no-broker');
    await assertAccessible(page, 4.5);
    await shop.broker.start();
    await page.getByText(de.broker).waitFor({ state: 'detached' });
    await page.getByText(de.allOnline('2')).waitFor();
  });
});

test('the page is in four languages, at once', async () => {
  await onPage('', async page => {
    for (const [language, text] of Object.entries(texts)) {
      await page.getByRole('button', { name: language.toUpperCase() }).click();
      await page.getByText(text.askTills).waitFor();
      assert.equal(await page.locator('html').getAttribute('lang'), language);
    }
    await page.getByRole('button', { name: 'DE' }).click();
  });
});

test('each page loads less than 150 KB of script, by relative addresses, with nothing inline', async () => {
  for (const page of ['till', 'hq']) {
    const folder = new URL(`../../ui/dist/${page}/`, import.meta.url).pathname;
    const scripts = (await readdir(join(folder, 'assets'))).filter(name => name.endsWith('.js'));
    const bytes = scripts.reduce((sum, name) => sum + statSync(join(folder, 'assets', name)).size, 0);
    assert.ok(bytes < 150 * 1024, `${page}: ${bytes} bytes`);
    const html = await readFile(join(folder, 'index.html'), 'utf8');
    assert.doesNotMatch(html, /<script(?![^>]*src=)|<style|style=|(?:src|href)="(?!\.\/)/);
  }
});

async function onPage(path: string, run: (page: Page) => Promise<void>, expected?: RegExp): Promise<void> {
  const { page, complaints } = await browser.open(shop.console, sizes.middle);
  try {
    await page.getByText(de.askTills).waitFor();
    if (path !== '') await page.getByRole('link', { name: de[path as 'sales'], exact: true }).click();
    await run(page);
    assert.deepEqual(
      complaints.filter(text => expected?.test(text) !== true),
      [],
    );
  } catch (error) {
    await picture(page, 'failed-hq');
    throw error;
  } finally {
    await page.close();
  }
}

async function choose(page: Page, bundle: unknown): Promise<void> {
  await page.getByLabel(de.chooseFile).setInputFiles({
    name: 'bundle.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(bundle)),
  });
  await page.getByRole('button', { name: de.publishNow }).click();
}

let sales = 0;

/** A member's sale at a till, as a POS would tell it; coupons come of it. */
function sell(till: '1' | '2'): string {
  const service = shop.tills.find(known => known.till === till)?.agent.service;
  assert.ok(service !== undefined);
  const [member] = sampleMembers(new Date().toISOString().slice(0, 10), 1);
  const coffee = sampleProducts().find(({ names }) => names.de.startsWith('Bohnenkaffee'));
  assert.ok(member !== undefined && coffee !== undefined);
  const saleId = `pos-${till}-${++sales}`;
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const line = { lineId: '1', gtin: coffee.gtin, quantity: '2', amount: 2 * coffee.price, category: coffee.category };
  service.putSale(saleId, { startedAt: now, lines: [line] }, 'de');
  void service.scan(saleId, { code: member.card }, 'de').then(() => {
    const { total } = service.getSale(saleId, 'de');
    service.complete(saleId, { completedAt: now, total: total.net }, 'de');
  });
  return saleId;
}
