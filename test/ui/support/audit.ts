/** What a cashier's screen must keep in every state: nothing that axe finds serious, large targets, large type. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { longestMs, picture } from './browser.ts';

const axe = createRequire(import.meta.url)('axe-core') as { readonly source: string };

type Violation = {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
};

/** @param contrast `7`: WCAG AAA as the till's screen promises; `4.5`: AA */
export async function assertAccessible(page: Page, contrast: 4.5 | 7): Promise<void> {
  await page.evaluate(axe.source);
  const violations = (await page.evaluate(
    `axe.run(document, {
      resultTypes: ['violations'],
      rules: { 'color-contrast-enhanced': { enabled: ${contrast === 7} }, 'color-contrast': { enabled: ${contrast < 7} } },
    }).then(result => result.violations)`,
  )) as Violation[];
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.deepEqual(
    serious.map(({ id, nodes }) => `${id}: ${nodes.map(node => `${node.html} ${node.failureSummary}`).join('\n')}`),
    [],
  );
}

const phone = { width: 390, height: 844 };

/** On a telephone nothing of the page stands beside it; tables scroll by themselves. The picture is kept under this name. */
export async function fitsPhone(page: Page, name: string): Promise<void> {
  await page.setViewportSize(phone);
  await picture(page, name);
  const width = await page.evaluate<number>('document.documentElement.scrollWidth');
  assert.ok(width <= phone.width, `the page is ${width} px wide`);
}

const measure = `(() => {
  const seen = element => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && getComputedStyle(element).visibility !== 'hidden';
  };
  const name = element => element.tagName + '.' + element.className + ' ' + (element.getAttribute('aria-label') ?? element.textContent).slice(0, 40);
  const targets = [...document.querySelectorAll('button, input, select, a')].filter(seen).map(element => {
    const { width, height } = element.getBoundingClientRect();
    return { name: name(element), width, height };
  });
  const types = [...document.querySelectorAll('#app *')]
    .filter(element => seen(element) && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim() !== ''))
    .map(element => ({ name: name(element), size: parseFloat(getComputedStyle(element).fontSize) }));
  const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.documentElement;
  return { targets, types, fits: scrollWidth <= clientWidth && scrollHeight <= clientHeight };
})()`;

type Measured = {
  readonly targets: readonly { readonly name: string; readonly width: number; readonly height: number }[];
  readonly types: readonly { readonly name: string; readonly size: number }[];
  readonly fits: boolean;
};

/** Targets of 56 px and more, type of 20 px and more, nothing outside the screen; by what the browser made of it. */
export async function assertLarge(page: Page): Promise<void> {
  const { targets, types, fits } = (await page.evaluate(measure)) as Measured;
  assert.ok(targets.length > 0 && types.length > 0, 'the screen shows something');
  assert.deepEqual(
    targets.filter(({ width, height }) => width < 55.9 || height < 55.9),
    [],
    'targets of at least 56 px',
  );
  assert.deepEqual(
    types.filter(({ size }) => size < 20),
    [],
    'type of at least 20 px',
  );
  assert.ok(fits, 'everything is on the screen');
}

/** The one thing that matters now, readable at a glance. */
export async function assertGlance(page: Page, selector: string): Promise<void> {
  const size = (await page.evaluate(
    `parseFloat(getComputedStyle(document.querySelector(${JSON.stringify(selector)})).fontSize)`,
  )) as number;
  assert.ok(size >= 48, `${selector} has ${size} px, at least 48 are wanted`);
}

/** Something shows where the keyboard is; on its way round it may be outside of the page (the body has it then). */
export async function assertFocusSeen(page: Page): Promise<void> {
  const outline = (await page.evaluate(
    `(() => { if (document.activeElement === document.body) return 9; const style = getComputedStyle(document.activeElement); return style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth); })()`,
  )) as number;
  assert.ok(outline >= 3, `the focus ring is ${outline} px wide`);
}

/** Waits until an expression holds in the page; looked at each frame, where the content policy forbids `waitForFunction`. */
export async function until(page: Page, expression: string): Promise<void> {
  const held = await page.evaluate(`new Promise(resolve => {
    const end = performance.now() + ${longestMs};
    const look = () => ((${expression}) ? resolve(true) : performance.now() > end ? resolve(false) : requestAnimationFrame(look));
    look();
  })`);
  assert.ok(held, `${expression} holds`);
}
