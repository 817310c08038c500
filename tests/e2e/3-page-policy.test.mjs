// The pages that leave for an app are gone at once, so they are held here to be looked at.
// Owns their look and policy; the journeys own that they work.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inWindow } from './support/browser.mjs';
import { gateway, signInOf } from './support/demo.mjs';
import { look } from './support/look.mjs';
import { openPortal, tile } from './support/steps.mjs';

const maya = signInOf('maya');

test('the page that posts to a SAML app', () => inWindow({}, async function postPage(page) {
  await openPortal(page, maya);
  // Held back by an empty script in place of the one that submits the form.
  await page.route(/\/post\.js$/, (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
  const waiting = page.waitForResponse((response) => response.request().isNavigationRequest() && response.headers()['content-type']?.includes('html'));
  await tile(page, 'Ledgerly').click();
  const answer = await waiting;
  await page.locator('input[name=SAMLResponse]').waitFor({ state: 'attached' });
  const policy = answer.headers()['content-security-policy'];
  const formAction = policy.split(';').map((part) => part.trim()).find((part) => part.startsWith('form-action'));
  assert.ok(!formAction || !/'self'|'none'/.test(formAction), policy);
  assert.match(answer.headers()['cache-control'], /no-store/);
  await look(page, 'post-page');
}));

test('every page has the strict policy', () => inWindow({}, async function policies(page) {
  await openPortal(page, maya);
  for (const path of ['/', '/account', '/logout', '/login', '/no-such-page', '/?q=x']) {
    const headers = (await page.goto(`${gateway}${path}`)).headers();
    const policy = headers['content-security-policy'] ?? '';
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"]) {
      assert.ok(policy.includes(part), `${path}: ${policy}`);
    }
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
    assert.ok(headers['referrer-policy'], path);
    assert.equal(await page.locator('[style], style, [onclick], script:not([src])').count(), 0, `${path}: inline style or script`);
  }
}));
