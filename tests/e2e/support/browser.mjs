// Owns Chromium and the windows of a test, and what a window must not do: log an error, break the policy.
// Does not own any step of a journey.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const OUT = fileURLToPath(new URL('../out', import.meta.url));
mkdirSync(OUT, { recursive: true });

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS });
after(() => browser.close());

/**
 * Runs a journey in a window of its own; a console error, a policy report or a finding fails it.
 * @param {{script?: boolean, width?: number, height?: number}} options
 * @param {(page: import('playwright-core').Page) => Promise<void>} journey
 */
export async function inWindow(options, journey) {
  const { script = true, width = 1440, height = 900 } = options;
  const context = await browser.newContext({ viewport: { width, height }, javaScriptEnabled: script, locale: 'en-GB' });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const errors = watch(page);
  try {
    await journey(page);
    assert.deepEqual(errors, [], 'errors on the console');
    assert.deepEqual(findingsOf(page), [], 'pages that were looked at');
  } catch (error) {
    const name = `failed-${journey.name || 'journey'}-${script ? 'script' : 'no-script'}-${Date.now()}.png`;
    await page.screenshot({ path: `${OUT}/${name}` }).catch(() => {});
    error.message += `\n  at ${page.url()}, picture out/${name}${errors.length ? `\n  console: ${errors.join(' | ')}` : ''}${findingsOf(page).length ? `\n  looked at: ${findingsOf(page).join('\n    ')}` : ''}`;
    throw error;
  } finally {
    await context.close();
  }
}


const findings = new WeakMap();

/** What was found wrong on the pages of a window; the journey goes on, and fails at its end. */
export function findingsOf(page) {
  if (!findings.has(page)) findings.set(page, []);
  return findings.get(page);
}

function watch(page) {
  const errors = [];
  const navigations = new Set();
  page.on('request', (request) => {
    if (request.isNavigationRequest()) navigations.add(request.url());
  });
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    // A page that answers 403 or 422 is named on the console by the browser itself.
    const { url } = message.location();
    if (message.text().startsWith('Failed to load resource') && navigations.has(url)) return;
    errors.push(`${message.text()} (${url})`);
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  return errors;
}
