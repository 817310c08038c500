// Owns the console's forms as a test uses them: which page, which control. Does not own what must come of it.
import assert from 'node:assert/strict';
import { gateway } from './demo.mjs';

/** Adds a custom SAML app by its name; gives its slug. */
export async function addCustomSaml(page, label, see = async () => {}) {
  await page.goto(`${gateway}/admin/apps`);
  await see('apps');
  await page.locator('main').getByRole('link', { name: 'Add application' }).click();
  await page.waitForURL((url) => url.pathname.startsWith('/admin/apps/new'));
  await see('apps-new');
  await page.locator('main a[href="/admin/apps/new/custom-saml"]').click();
  await page.locator('input[name=label]').fill(label);
  await see('apps-new-custom-saml');
  await page.locator('main form:has(input[name=label]) button[type=submit]').first().click();
  await page.waitForURL((url) => /^\/admin\/apps\/(?!new)[^/]+/.test(url.pathname));
  return new URL(page.url()).pathname.split('/')[3];
}

/** Uploads the SP's metadata on the SSO tab, reads the review, saves. */
export async function uploadMetadata(page, slug, file, expected, see = async () => {}) {
  await page.goto(`${gateway}/admin/apps/${slug}/access`);
  await page.locator(`main nav a[href="/admin/apps/${slug}/sso"]`).click();
  await page.waitForURL((url) => url.pathname.endsWith('/sso'));
  await see('app-sso-empty');
  await page.locator('main input[type=file]').setInputFiles(file);
  await page.locator('main form:has(input[type=file]) button[type=submit]').first().click();
  // The review shows what would change before anything is saved.
  await page.getByText(expected.acs).first().waitFor();
  const review = await page.locator('main').innerText();
  assert.ok(review.includes(expected.entityId), 'the review names the entity ID');
  await see('app-sso-review');
  await page.locator('main').getByRole('button', { name: 'Use these' }).click();
  await page.waitForURL((url) => url.pathname.endsWith('/sso'));
  await page.goto(`${gateway}/admin/apps/${slug}/sso`);
  const values = await page.locator('main input, main textarea').evaluateAll((all) => all.map((each) => each.value));
  assert.ok(values.some((value) => value.includes(expected.acs)), `the reply address is not kept: ${values}`);
  assert.ok(values.some((value) => value === expected.entityId), `the entity ID is not kept: ${values}`);
  await see('app-sso');
}

/** Gives a group the app on the access tab. */
export async function bindGroup(page, slug, group, see = async () => {}) {
  await page.goto(`${gateway}/admin/apps/${slug}/access`);
  await see('access-empty');
  await page.locator('main').getByRole('checkbox', { name: new RegExp(`^${group}`) }).check();
  await page.locator('main form:has(input[type=checkbox]:checked) button[type=submit]').last().click();
  await page.goto(`${gateway}/admin/apps/${slug}/access`);
  assert.match(await page.locator('main').innerText(), new RegExp(group));
  await see('access');
}

/** Turns the tile on. */
export async function goLive(page) {
  await page.locator('main').getByRole('button', { name: 'Go live' }).click();
  await page.locator('main .page-head').getByText('Live', { exact: true }).waitFor();
}

/** Removes an app, by typing its name. */
export async function removeApp(page, slug, label, see = async () => {}) {
  await page.goto(`${gateway}/admin/apps/${slug}/remove`);
  await see('app-remove');
  await page.locator('main input[name=confirm]').fill(label);
  await page.locator('main form:has(input[name=confirm]) button[type=submit]').click();
  await page.waitForURL((url) => url.pathname === '/admin/apps');
  assert.equal((await page.goto(`${gateway}/admin/apps/${slug}/sso`)).status(), 404);
}
