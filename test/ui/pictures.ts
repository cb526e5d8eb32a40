/** `node test/ui/pictures.ts`: makes the README's pictures of a coupon and of the till's screen, with the software itself. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { linesOf, tillClient, until } from '../e2e/till-client.ts';
import { sizes, startBrowser } from './support/browser.ts';
import { openShop } from './support/shop.ts';

const folder = join(import.meta.dirname, '..', '..', 'docs', 'pictures');
const shop = await openShop();
const browser = await startBrowser();
try {
  const [first] = shop.tills;
  if (first === undefined) throw new Error('no till');
  const till = tillClient(first.url, first.token);
  await until(till.status, status => status.bundle !== null, 'a bundle');
  const products = await till.products();
  const article = (name: string) => {
    const found = products.find(product => product.name.startsWith(name));
    if (found === undefined) throw new Error(`no ${name}`);
    return found;
  };
  const { page } = await browser.open(shop.screen(1), sizes.middle);
  await page.locator('.sample-card, .article').first().waitFor();
  const basket = ['Coffee beans', 'Milk chocolate', 'Dark chocolate', 'Chocolate sticks', 'Butter plait'].map(article);
  await till.playScan('2501100000009');
  await page.locator('.first-name').waitFor();
  for (const { gtin } of basket.filter(product => product.unit === 'ea')) {
    const before = await page.locator('.line').count();
    await till.playScan(gtin);
    await until(
      () => page.locator('.line').count(),
      count => count > before,
      `line ${before + 1}`,
    );
  }
  await page.screenshot({ path: join(folder, 'till.png') });

  await till.put('picture', linesOf([article('Coffee beans')]));
  await till.scan('picture', '2501100000009');
  const sale = await till.get('picture');
  const { serials } = await till.complete('picture', sale.total.net);
  for (const serial of serials)
    await until(
      () => till.coupon(serial),
      coupon => coupon.print === 'confirmed',
      serial,
    );
  const coupon = (await Promise.all(serials.map(till.coupon))).findIndex(({ offer }) => offer === 'coffee-20');
  const slips = (await till.simulator()).slips;
  const slip = slips[slips.length - serials.length + coupon];
  const response = await fetch(`${first.url}/v1/simulator/slips/${slip?.id}.png`, {
    headers: { authorization: `Bearer ${first.token}` },
  });
  writeFileSync(join(folder, 'coupon.png'), Buffer.from(await response.arrayBuffer()));
} finally {
  await browser.close();
  await shop.stop();
}
