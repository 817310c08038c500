// oidc-client-ts in Chromium as a single-page app: sign-on and sign-out by redirects, refresh from the page, its iframe at logout.
// Does not own what libraries without a browser are asked (the other tests of this folder).
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { state } from './support/browser.mjs';

const LIBRARY = join(dirname(createRequire(import.meta.url).resolve('oidc-client-ts/package.json')), 'dist/browser/oidc-client-ts.min.js');
const PAGE = `<!doctype html><title>App</title><script src="/oidc.js"></script><pre id="out"></pre><script>
const manager = new oidc.UserManager({
  authority: ${JSON.stringify(state.url)}, client_id: 'peer-spa', redirect_uri: ${JSON.stringify(`${state.spa}/callback`)},
  post_logout_redirect_uri: ${JSON.stringify(`${state.spa}/bye`)}, scope: 'openid profile email offline_access',
  userStore: new oidc.WebStorageStateStore({ store: localStorage }), loadUserInfo: true, monitorSession: false, automaticSilentRenew: false,
});
const say = (value) => { document.getElementById('out').textContent = JSON.stringify(value); };
const run = { '/in': () => manager.signinRedirect({ state: { from: 'in' } }),
  '/callback': async () => { const user = await manager.signinRedirectCallback(); say({ sub: user.profile.sub, email: user.profile.email, state: user.state }); },
  '/renew': async () => { const old = await manager.getUser(); const user = await manager.signinSilent(); say({ sub: user.profile.sub, fresh: old.access_token !== user.access_token }); },
  '/out': () => manager.signoutRedirect(),
  '/bye': async () => { await manager.signoutRedirectCallback(); say({ gone: (await manager.getUser()) === null }); } }[location.pathname];
(run ? run() : Promise.resolve()).catch((error) => say({ error: String(error) }));
</script>`;

let server, browser;
const framed = [];

before(async () => {
  const library = await readFile(LIBRARY);
  server = createServer((request, response) => {
    const url = new URL(request.url, state.spa);
    if (url.pathname === '/frontchannel') framed.push(url.searchParams);
    const [type, body] = url.pathname === '/oidc.js' ? ['text/javascript', library] : ['text/html; charset=utf-8', url.pathname === '/frontchannel' ? 'out' : PAGE];
    response.writeHead(200, { 'content-type': type }).end(body);
  });
  await new Promise((resolve) => { server.listen(Number(new URL(state.spa).port), '127.0.0.1', resolve); });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: ['--headless', '--no-sandbox', '--disable-gpu'] });
});

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  await new Promise((resolve) => { server ? server.close(resolve) : resolve(); });
});

async function said(page) {
  await page.waitForFunction(() => document.getElementById('out')?.textContent);
  return JSON.parse(await page.locator('#out').textContent());
}

test('oidc-client-ts signs on, renews and signs out by redirects in Chromium', async () => {
  const page = await (await browser.newContext({ locale: 'en-GB' })).newPage();
  page.setDefaultTimeout(20_000);
  const errors = [];
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  await page.goto(`${state.spa}/in`);
  await page.locator('input[name=username]:visible').fill('maya');
  await page.locator('form:has(input[name=username]) button[type=submit]:visible').first().click();
  await page.locator('input[name=password]').fill(state.passwords.maya);
  await page.locator('form:has(input[name=password]) button[type=submit]:visible').first().click();
  await page.waitForURL(`${state.spa}/callback**`);
  const user = await said(page);
  assert.deepEqual([user.email, user.state], [state.maya.email, { from: 'in' }], JSON.stringify(user));
  await page.goto(`${state.spa}/renew`);
  assert.deepEqual(await said(page), { sub: user.sub, fresh: true });
  await page.goto(`${state.spa}/out`);
  await page.waitForURL(`${state.spa}/bye**`);
  assert.deepEqual(await said(page), { gone: true });
  assert.equal(framed.length, 1, 'told in its iframe, once');
  assert.equal(framed[0].get('iss'), state.url);
  assert.ok(framed[0].get('sid'));
  assert.deepEqual(errors, [], 'no policy stood in the way');
  await page.goto(`${state.url}/account`);
  assert.equal(new URL(page.url()).pathname, '/login');
});
