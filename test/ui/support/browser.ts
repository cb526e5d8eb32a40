/** A real Chromium with nothing of its own: empty profile, no calls home. Collects what a page complains about. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

export const sizes = {
  small: { width: 1024, height: 768 },
  middle: { width: 1366, height: 768 },
  large: { width: 1920, height: 1080 },
} as const;

/** For what takes a moment; only a page that will never get there is given up, however slow the machine. */
export const longestMs = 120_000;

const args = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export type Browser = {
  /** A page with its own storage is a window of its own. */
  open(address: string, size?: { width: number; height: number }): Promise<Watched>;
  close(): Promise<void>;
};

export type Watched = { readonly page: Page; readonly complaints: readonly string[] };

export async function startBrowser(language = 'de-CH'): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'tillside-chromium-'));
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    args,
    locale: language,
    timezoneId: 'Europe/Zurich',
    viewport: sizes.small,
    hasTouch: true,
    timeout: longestMs,
  });
  context.setDefaultTimeout(longestMs);
  return {
    async open(address, size = sizes.small) {
      const page = await context.newPage();
      await page.setViewportSize(size);
      const complaints: string[] = [];
      page.on('console', message => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
      });
      page.on('pageerror', error => complaints.push(String(error)));
      page.on('request', request => {
        const { hostname, protocol } = new URL(request.url());
        if (protocol.startsWith('http') && hostname !== '127.0.0.1') complaints.push(`asks ${request.url()}`);
      });
      await page.goto(address);
      return { page, complaints };
    },
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const artifacts = new URL('../../artifacts/ui/', import.meta.url).pathname;

/** Keeps a picture of the page as a person sees it. */
export async function picture(page: Page, name: string): Promise<void> {
  await mkdir(artifacts, { recursive: true });
  await page.screenshot({ path: join(artifacts, `${name}.png`), animations: 'disabled' });
}
