/**
 * The till screen in a real browser, against the real till of the demo: each state is reached by doing what a person does,
 * a picture of it is kept in test/artifacts/ui, and each is held against the rules of a cashier's screen.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { sampleCards } from '../../agent/demo/shop/cards.ts';
import { sampleProducts } from '../../agent/demo/shop/products.ts';
import { texts } from '../../ui/till/texts.ts';
import { assertAccessible, assertFocusSeen, assertGlance, assertLarge, until } from './support/audit.ts';
import { type Browser, picture, sizes, startBrowser } from './support/browser.ts';
import { openShop, type Shop } from './support/shop.ts';

const { de } = texts;
const cards = sampleCards(new Date().toISOString().slice(0, 10));
const anna = cardOf('Anna');
const products = sampleProducts();
const coffee = productOf('Bohnenkaffee');
const chocolate = products.filter(product => product.category === 'food/sweets/chocolate').slice(0, 3);
const bananas = products.find(product => product.unit === 'kg') ?? productOf('Bananen');

let shop: Shop;
let browser: Browser;

before(async () => {
  [shop, browser] = await Promise.all([openShop(), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await shop?.stop();
});

test('idle: it is ready, and says what to scan', async () => {
  await onScreen(async page => {
    await page.getByText(de.idleHead, { exact: true }).waitFor();
    await page.getByText(de.idleTodo).waitFor();
    assert.equal(await page.locator('.signs').count(), 0, 'the signs are silent');
    assert.equal(new URL(page.url()).hash, '', 'the token has left the address bar');
    await check(page, '01-idle', '.idle-head');
  });
});

test('idle on larger screens: the devices of the demo stand beside it', async () => {
  for (const name of ['middle', 'large'] as const)
    await onScreen(async page => {
      await page.locator('.drawer').waitFor();
      await page.locator('.article').first().waitFor();
      await check(page, `01-idle-${sizes[name].width}`, '.idle-head');
    }, name);
});

test('a card is scanned: the member is greeted by first name, tier and points', async () => {
  await onScreen(async page => {
    await page.getByRole('tab', { name: de.simulator.cards }).click();
    await page.locator('.sample-card').first().click();
    await page.locator('.first-name', { hasText: 'Anna' }).waitFor();
    await page.getByText('Silber', { exact: true }).waitFor();
    await page.locator('.say.is-good', { hasText: 'Anna' }).waitFor();
    await check(page, '02-member-1366', '.first-name');
  }, 'middle');
});

test('a basket: articles, discounts on their lines, points, and the coupons that will print', async () => {
  await onScreen(async page => {
    await enter(page, anna);
    await page.locator('.first-name').waitFor();
    for (const product of [coffee, ...chocolate, coffee]) await enter(page, product.gtin);
    await page.locator('.line .off').first().waitFor();
    assert.equal(await page.locator('.line').count(), 4, 'two pieces of one article share a line');
    await page.locator('.earned').waitFor();
    await page.locator('.ticket.is-promised').first().waitFor();
    await check(page, '03-basket', '.figure.large b');
    await cancel(page);
  });
});

test('one piece more, one less, and a line taken away, by touch', async () => {
  await onScreen(async page => {
    await enter(page, coffee.gtin);
    const total = page.locator('.figure.large b');
    await total.filter({ hasText: amount(coffee.price) }).waitFor();
    await page.getByRole('button', { name: new RegExp(`^${de.more}`) }).tap();
    await total.filter({ hasText: amount(2 * coffee.price) }).waitFor();
    await page.getByRole('button', { name: new RegExp(`^${de.less}`) }).tap();
    await total.filter({ hasText: amount(coffee.price) }).waitFor();
    await page.getByRole('button', { name: new RegExp(`^${de.remove}`) }).tap();
    await page.getByText(de.idleHead, { exact: true }).waitFor();
    await cancel(page);
  });
});

test('the printed coupon is scanned from its picture: it counts once, and is refused the second time', async () => {
  await onScreen(async page => {
    await sellCoffee(page);
    await page.locator('.headline.is-out').waitFor();
    await until(page, `document.querySelector('.slip img')?.naturalWidth > 100`);
    await check(page, '05-slip-1366', '.headline');
    await page.keyboard.press('Escape');
    await enter(page, anna);
    await enterTwice(page, coffee.gtin);
    // Coupons come out in the order in which they stand there: the first one is the coffee's.
    const [, ...later] = await slipCodes(page);
    for (const _ of later) await page.getByRole('button', { name: '−1', exact: true }).click();
    await page.getByText(`1 / ${later.length + 1}`).waitFor();
    await page.locator('.slip').click();
    await page.locator('.offer.presented .off').waitFor();
    await check(page, '06-coupon-presented-1366', '.figure.large b');
    await page.getByRole('button', { name: new RegExp(`^${de.takeBack}`) }).click();
    await page.locator('.offer.presented').waitFor({ state: 'detached' });
    const [code = ''] = await slipCodes(page);
    await enter(page, code);
    await page.locator('.offer.presented .off').waitFor();
    await pay(page);
    await page.keyboard.press('Escape');
    await enter(page, coffee.gtin);
    await enter(page, code);
    await page.locator('.say.is-bad', { hasText: 'eingelöst' }).waitFor();
    await check(page, '07-coupon-refused-1366', '.figure.large b');
    await cancel(page);
  }, 'middle');
});

test('goods sold by weight ask for it, with the number keys', async () => {
  await onScreen(async page => {
    await enter(page, bananas.gtin);
    await page.locator('.say', { hasText: de.weigh('').trim() }).waitFor();
    await page.getByRole('button', { name: '1', exact: true }).waitFor();
    await check(page, '08-weigh', '.idle-head');
    for (const key of ['1', '.', '2', '5']) await page.getByRole('button', { name: key, exact: true }).tap();
    await page.getByRole('button', { name: de.enter }).tap();
    await page.locator('.line', { hasText: '1.25 kg' }).waitFor();
    await cancel(page);
  });
});

test('a whole sale by touch alone, to the coupon in the customer’s hand', async () => {
  await onScreen(async page => {
    await tapCode(page, anna);
    await page.locator('.first-name').waitFor();
    await picture(page, '09-member');
    await tapCode(page, coffee.gtin);
    await page.locator('.line').waitFor();
    await tapCode(page, coffee.gtin);
    await page.locator('.line .quantity', { hasText: '2' }).waitFor();
    await page.getByRole('button', { name: new RegExp(`^${de.total}`) }).tap();
    await page.getByText(de.toPay).waitFor();
    await check(page, '10-paying', '.figure.large b');
    await page.getByRole('button', { name: de.enter }).tap();
    await page.getByText(de.toPay).waitFor();
    for (const key of ['1', '0', '0']) await page.getByRole('button', { name: key, exact: true }).tap();
    await page.getByRole('button', { name: new RegExp(`^${de.cash}`) }).tap();
    await page.getByText(de.change).waitFor();
    await page.locator('.headline').waitFor();
    await check(page, '11-printing', '.headline');
    await page.locator('.headline.is-out').waitFor();
    await check(page, '12-out', '.headline');
    await page
      .getByRole('button', { name: new RegExp(`^${de.reprint}`) })
      .first()
      .tap();
    await page.locator('.say.is-good', { hasText: de.reprinting }).waitFor();
    const slips = new Set(await slipCodes(page)).size + 1;
    await page.getByRole('button', { name: de.devices }).tap();
    await page.getByText(`${slips} / ${slips}`).waitFor();
    assert.equal(new Set(await slipCodes(page)).size, slips - 1, 'on the new slip stands the old serial');
    await page.getByRole('button', { name: de.devices }).tap();
    await page.locator('.headline.is-out').waitFor();
    await page.getByRole('button', { name: new RegExp(`^${de.nextSale}`) }).tap();
    await page.getByText(de.idleHead, { exact: true }).waitFor();
  });
});

test('a whole sale by keyboard alone; one always sees where the keyboard is', async () => {
  await onScreen(async page => {
    await type(page, anna);
    await page.locator('.first-name').waitFor();
    await assertFocusSeen(page);
    await type(page, coffee.gtin);
    await page.locator('.line').waitFor();
    await page.keyboard.press('+');
    await page.locator('.line .quantity', { hasText: '2' }).waitFor();
    await type(page, chocolate[0]?.gtin ?? '');
    await page.locator('.line').nth(1).waitFor();
    await page.keyboard.press('ArrowUp');
    await page.locator('.line.is-selected', { hasText: 'Bohnenkaffee' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Delete');
    await page.locator('.line').nth(1).waitFor({ state: 'detached' });
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Shift+Tab');
      await assertFocusSeen(page);
    }
    await page.keyboard.press('F2');
    await page.getByText(de.toPay).waitFor();
    await page.keyboard.press('Escape');
    await page.getByText(de.toPay).waitFor({ state: 'detached' });
    await page.keyboard.press('F2');
    await page.getByText(de.toPay).waitFor();
    await page.keyboard.press('F6');
    await page.getByText(de.paid).waitFor();
    await page.locator('.headline.is-out').waitFor();
    await check(page, '13-keyboard-out', '.headline');
    await page.keyboard.press('Escape');
    await page.getByText(de.idleHead, { exact: true }).waitFor();
  });
});

test('a keyboard-wedge scanner is told from a person who types', async () => {
  await onScreen(async page => {
    await scanByWedge(page, anna);
    await page.locator('.first-name', { hasText: 'Anna' }).waitFor();
    assert.equal(await page.locator('.code').inputValue(), '', 'the scan did not go into the field');
    await scanByWedge(page, coffee.gtin);
    await page.locator('.line', { hasText: 'Bohnenkaffee' }).waitFor();
    await page.keyboard.press('1');
    await until(page, `document.querySelector('.code').value === '1'`);
    await page.keyboard.press('Escape');
    await cancel(page);
  });
});

test('the printer runs out of paper: it says what to do, and the coupon comes by itself', async () => {
  await onScreen(async page => {
    await page.getByRole('button', { name: de.simulator.paper }).click();
    await page.locator('.sign.is-urgent', { hasText: de.printer['paper-out'].head }).waitFor();
    await sellCoffee(page);
    await page.locator('.sign.is-urgent', { hasText: de.printsByItself }).waitFor();
    await page.locator('.ticket.is-waiting').first().waitFor();
    await page
      .getByText(de.waiting(2).slice(2))
      .or(page.getByText(de.waiting(1)))
      .first()
      .waitFor();
    await check(page, '14-paper-out-1366', '.sign.is-urgent strong');
    await page.setViewportSize(sizes.small);
    await page.getByRole('button', { name: de.close }).click();
    await check(page, '14-paper-out', '.sign.is-urgent strong');
    await page.keyboard.press('F7');
    await page.getByRole('button', { name: de.simulator.paper }).click();
    await page.keyboard.press('F7');
    await page.locator('.headline.is-out').waitFor();
    assert.equal(await page.locator('.signs').count(), 0);
  }, 'middle');
});

test('cover open and cable pulled are said in plain words, and pass', async () => {
  await onScreen(async page => {
    await page.getByRole('button', { name: de.simulator.cover }).click();
    await page.locator('.sign.is-urgent', { hasText: de.printer['cover-open'].head }).waitFor();
    await check(page, '15-cover-open-1366', '.sign.is-urgent strong');
    await page.getByRole('button', { name: de.simulator.cover }).click();
    await page.locator('.sign').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: de.simulator.cable }).click();
    await page.locator('.sign', { hasText: de.printer.missing.head }).waitFor();
    await check(page, '16-cable-pulled-1366', '.idle-head');
    await page.getByRole('button', { name: de.simulator.cable }).click();
    await page.locator('.sign').waitFor({ state: 'detached' });
  }, 'middle');
});

test('a code that nobody knows, and a misread card: one short sentence, and on it goes', async () => {
  await onScreen(async page => {
    await enter(page, '7699999999993');
    await page.locator('.say.is-bad').waitFor();
    await check(page, '17-unknown-code', '.idle-head');
    await enter(page, cardOf('Misread'));
    await page.locator('.say.is-bad').waitFor();
    await enter(page, coffee.gtin);
    await page.locator('.line').waitFor();
    assert.equal(await page.locator('.say.is-bad').count(), 1, 'what went wrong stays readable');
    await cancel(page);
  });
});

test('no line to HQ: it says since when and how many sales wait, and recovers by itself', async () => {
  await onScreen(async page => {
    await shop.broker.stop();
    await page.locator('.sign', { hasText: 'Keine Verbindung zur Zentrale' }).waitFor();
    await sellCoffee(page);
    await page.locator('.sign', { hasText: '1 Verkauf wartet.' }).waitFor();
    await check(page, '18-offline', '.figure.large b');
    await shop.broker.start();
    await page.locator('.sign').waitFor({ state: 'detached' });
  });
});

test('every language: same places, own words, Swiss amounts', async () => {
  await onScreen(async page => {
    await enter(page, anna);
    for (const product of [coffee, ...chocolate]) await enter(page, product.gtin);
    await page.locator('.line').nth(3).waitFor();
    for (const [language, text] of Object.entries(texts)) {
      await page.getByRole('button', { name: text.languageName }).click();
      await page.getByText(text.sellTodo).or(page.locator('.say.is-good')).first().waitFor();
      await page.getByText(text.discounts, { exact: true }).waitFor();
      assert.equal(await page.locator('html').getAttribute('lang'), language);
      await check(page, `19-basket-${language}`, '.figure.large b');
    }
    await page.getByRole('button', { name: de.languageName }).click();
    await page.getByText(de.discounts, { exact: true }).waitFor();
    await cancel(page);
  });
});

test('a reload in the middle of a sale loses nothing', async () => {
  await onScreen(async page => {
    await enter(page, anna);
    await enter(page, coffee.gtin);
    await page.locator('.earned').waitFor();
    await page.reload();
    await page.locator('.first-name', { hasText: 'Anna' }).waitFor();
    await page.locator('.line', { hasText: 'Bohnenkaffee' }).waitFor();
    await enter(page, coffee.gtin);
    await page.locator('.line .quantity', { hasText: '2' }).waitFor();
    await cancel(page);
  });
});

test('without a token it says which address to open', async () => {
  const [till] = shop.tills;
  const { page, complaints } = await browser.open(till?.url ?? '');
  await page.getByText(de.noToken.head).waitFor();
  await picture(page, '20-no-token');
  await assertAccessible(page, 7);
  assert.deepEqual(complaints, []);
  await page.close();
});

// --- what a person does ------------------------------------------------------------------------------------------------

async function onScreen(run: (page: Page) => Promise<void>, size: keyof typeof sizes = 'small'): Promise<void> {
  const { page, complaints } = await browser.open(shop.screen(1), sizes[size]);
  try {
    await page.getByText(de.idleHead, { exact: true }).waitFor();
    await until(page, `document.querySelector('.lights') !== null`);
    await run(page);
    assert.deepEqual(complaints, [], 'the browser complains of nothing');
  } catch (error) {
    await picture(page, 'failed');
    throw error;
  } finally {
    await page.close();
  }
}

async function check(page: Page, name: string, glance: string): Promise<void> {
  await picture(page, name);
  await assertGlance(page, glance);
  await assertLarge(page);
  await assertAccessible(page, 7);
}

/** As if pasted: the field and its button. */
async function enter(page: Page, code: string): Promise<void> {
  await page.locator('.code').fill(code);
  await page.getByRole('button', { name: de.enter }).or(page.locator('.enter')).first().click();
  await until(page, `document.querySelector('.code').value === ''`);
}

/** At a person's pace. */
async function type(page: Page, code: string): Promise<void> {
  await page.keyboard.type(code, { delay: 45 });
  await until(page, `document.querySelector('.code').value === ${JSON.stringify(code)}`);
  await page.keyboard.press('Enter');
}

/** As a scanner does: all keys at once, none waits for the one before. */
async function scanByWedge(page: Page, code: string): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  const keys = [...code].map(digit => ({ key: digit, code: `Digit${digit}`, text: digit }));
  await Promise.all(
    [...keys, { key: 'Enter', code: 'Enter', text: '\r' }].flatMap(({ text, ...key }) => [
      devtools.send('Input.dispatchKeyEvent', { type: 'keyDown', ...key, text }),
      devtools.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key }),
    ]),
  );
  await devtools.detach();
}

async function tapCode(page: Page, code: string): Promise<void> {
  await page.getByRole('button', { name: de.pad }).tap();
  for (const digit of code) await page.getByRole('button', { name: digit, exact: true }).tap();
  await page.getByRole('button', { name: de.enter }).tap();
}

async function sellCoffee(page: Page): Promise<void> {
  await enter(page, anna);
  await page.locator('.first-name').waitFor();
  await enterTwice(page, coffee.gtin);
  await pay(page);
}

async function enterTwice(page: Page, code: string): Promise<void> {
  await enter(page, code);
  await page.locator('.line').waitFor();
  await enter(page, code);
  await page.locator('.line .quantity', { hasText: '2' }).waitFor();
}

async function pay(page: Page): Promise<void> {
  await page.keyboard.press('F2');
  await page.getByText(de.toPay).waitFor();
  await page.keyboard.press('F6');
  await page.getByText(de.paid).waitFor();
}

/** Twice: the first press arms the button, for five seconds; the page presses itself, so that a slow machine keeps within them. */
async function cancel(page: Page): Promise<void> {
  const press = `dispatchEvent(new KeyboardEvent('keydown', { key: 'F10' }))`;
  await page.locator('#cancel-sale').waitFor();
  await page.evaluate(press);
  await until(page, `document.querySelector('#cancel-sale').textContent === '${de.cancelAgain}' && ${press}`);
  await page.locator('#cancel-sale').waitFor({ state: 'detached' });
}

/** What a scanner would read on the slips, oldest first. */
async function slipCodes(page: Page): Promise<readonly string[]> {
  return (await page.evaluate(`(async () => {
    const authorization = 'Bearer ' + sessionStorage.getItem('tillside.token');
    const { slips } = await (await fetch('/v1/simulator', { headers: { authorization } })).json();
    return slips.map(slip => slip.codes?.[0]);
  })()`)) as string[];
}

function cardOf(name: string): string {
  const card = cards.find(({ label }) => label.startsWith(name));
  assert.ok(card !== undefined);
  return card.code;
}

function productOf(name: string) {
  const found = products.find(({ names }) => names.de.startsWith(name));
  assert.ok(found !== undefined);
  return found;
}

function amount(minor: number): string {
  return (minor / 100).toFixed(2);
}
