// Owns the steps that journeys share: signing in, opening a tile, arriving at an app.
// Does not own what is asserted at the end of a journey.
import assert from 'node:assert/strict';
import { gateway } from './demo.mjs';

const ARRIVAL = 15_000;

/** Types who it is and the password on the two pages of the sign-in; ends where it leads. */
export async function signIn(page, { username, password }, onPage = async () => {}) {
  await page.locator('input[name=username]:visible').fill(username);
  await onPage('signin');
  await submit(page, 'input[name=username]');
  await page.locator('input[name=password]').fill(password);
  await onPage('signin-password');
  await submit(page, 'input[name=password]');
}

/** Opens the portal as this person. */
export async function openPortal(page, person, onPage) {
  await page.goto(`${gateway}/`);
  assert.equal(new URL(page.url()).pathname, '/login');
  await signIn(page, person, onPage);
  await page.waitForURL(`${gateway}/`);
}

/** Presses the first submit button of the form that holds a control. */
export async function submit(page, control) {
  await page.locator(`form:has(${control}) button[type=submit]:visible`).first().click();
}

/** Waits for the window to be at an app; without script the person presses the button of the post page. */
export async function arrive(page, origin, script) {
  const end = Date.now() + ARRIVAL;
  while (Date.now() < end) {
    const at = new URL(page.url());
    if (at.origin === origin) {
      await page.waitForLoadState('load');
      // A callback that goes on by a redirect has not arrived yet.
      if (new URL(page.url()).origin === origin) return;
    }
    if (!script && at.origin === gateway) {
      const button = page.locator('form[method=post] input[name=SAMLResponse] ~ button, form:has(input[name=SAMLResponse]) button[type=submit]').first();
      if (await button.isVisible().catch(() => false)) await button.click().catch(() => {});
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`never arrived at ${origin}; stopped at ${page.url()}: ${(await page.locator('body').innerText()).slice(0, 300)}`);
}

/** The tile of an app on the portal. */
export const tile = (page, label) => page.locator('main a[href^="/launch/"]', { hasText: new RegExp(`^\\s*${label}\\s*$`) }).first();

/** The addresses of all tiles, each once. */
export async function tiles(page) {
  const all = await page.locator('main a[href^="/launch/"]').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  return [...new Set(all)];
}

/** What a hand-over page shows to be passed on. */
export async function reference(page) {
  const text = await page.locator('main').innerText();
  const found = /\b[0-9A-Z]{4}-[0-9A-Z]{4}\b/.exec(text);
  assert.ok(found, `no reference on the page: ${text}`);
  return found[0];
}

export const text = (page) => page.locator('body').innerText();

export async function signOut(page, onPage = async () => {}) {
  await page.goto(`${gateway}/logout`);
  await onPage('signout');
  await page.locator('main form[method=post] button[type=submit]').first().click();
  await page.getByRole('heading', { level: 1, name: /signed out/i }).waitFor();
  await onPage('signedout');
  await page.goto(`${gateway}/`);
  assert.equal(new URL(page.url()).pathname, '/login', 'the session outlived the sign-out');
}
