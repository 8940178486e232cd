// A real Chromium, and pages that fail the test for what nobody looked at: an error on the console, a request to another host.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The packages of the map are installed in web/, this file is not.
const { chromium } = createRequire(new URL('../../web/package.json', import.meta.url))('playwright-core');

export const server = (process.env.DOTHI_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '');

export const desktop = { viewport: { width: 1440, height: 900 } };
export const phone = { viewport: { width: 375, height: 667 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

// No GPU where tests run: WebGL is drawn in software. The rest keeps Chromium from calling home.
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** Runs `steps(page)` in a browser of its own, then holds the page to what every page promises. */
export async function withPage(options, steps, { expectErrors = false } = {}) {
  const profile = await mkdtemp(join(tmpdir(), 'dothi-e2e-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ARGUMENTS,
    acceptDownloads: true,
    ...options,
  });
  const errors = [];
  const elsewhere = [];
  try {
    const page = browser.pages()[0] ?? (await browser.newPage());
    page.setDefaultTimeout(30_000);
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (!['blob:', 'data:'].includes(protocol) && origin !== new URL(server).origin) elsewhere.push(request.url());
    });
    await steps(page);
    assert.deepEqual(elsewhere, [], 'requests to other hosts');
    if (!expectErrors) assert.deepEqual(errors, [], 'errors on the console');
  } catch (error) {
    if (errors.length > 0) error.message += `\nconsole: ${errors.join('\n')}`;
    throw error;
  } finally {
    await browser.close();
    await rm(profile, { recursive: true, force: true });
  }
}

/** Opens the map at an address (`map=…&layers=…`) and waits until the picture is complete. */
export async function openMap(page, hash = '') {
  await page.goto(`${server}/${hash && `#${hash}`}`);
  await idle(page);
}

export async function idle(page) {
  await page.waitForSelector('#map[aria-busy="false"]');
}

/** Waits until `look()` gives something true, and returns it. For what no selector can say. */
export async function until(look, what, milliseconds = 20_000) {
  const end = Date.now() + milliseconds;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
