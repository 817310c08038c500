// Single logout in the browser: at the app, at the portal, and what each says of it. Each journey is made with script on and
// off. Does not own the messages (tests/peers, tests/it/saml/logout).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inWindow } from './support/browser.mjs';
import { demo, gateway, signInOf } from './support/demo.mjs';
import { look } from './support/look.mjs';
import { arrive, openPortal, text, tile } from './support/steps.mjs';

const ledgerly = new URL(demo.sample_saml_url).origin;
const trailhead = new URL(demo.sample_oidc_url).origin;
const maya = signInOf('maya');

/** Opens an app from its tile. */
async function open(page, label, origin, script) {
  await page.goto(`${gateway}/`);
  await tile(page, label).click();
  await arrive(page, origin, script);
  assert.match(await text(page), /Okafor/, `${label} does not say who signed in`);
}

/** Whether an app still knows the person; nothing is asked of the gateway. */
async function isOpen(page, origin) {
  await page.goto(`${origin}/`);
  return /Okafor/.test(await text(page));
}

async function gatewayIsOver(page) {
  await page.goto(`${gateway}/`);
  assert.equal(new URL(page.url()).pathname, '/login', 'the session of the gateway goes on');
}

/** Presses Ledgerly's button and waits for what it says in the end. */
async function signOutAtLedgerly(page) {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { level: 1, name: /signed out/i }).waitFor();
  assert.equal(new URL(page.url()).origin, ledgerly, 'the person comes back to where they signed out');
  return page.getByRole('heading', { level: 1 }).innerText();
}

for (const script of [true, false]) {
  const how = script ? 'with script' : 'without script';
  const see = (page) => (script ? (name) => look(page, name) : async () => {});

  test(`signing out at the only open app, ${how}`, () => inWindow({ script }, async function atTheApp(page) {
    await openPortal(page, maya);
    await open(page, 'Ledgerly', ledgerly, script);
    assert.match(await signOutAtLedgerly(page), /everywhere/);
    await see(page)('logout-app-everywhere');
    await page.reload();
    assert.match(await text(page), /everywhere/, 'the page can be loaded again');
    assert.equal(await isOpen(page, ledgerly), false);
    await gatewayIsOver(page);
  }));

  test(`signing out at an app while another is open tells the truth, ${how}`, () => inWindow({ script }, async function besideAnother(page) {
    await openPortal(page, maya);
    await open(page, 'Trailhead', trailhead, script);
    await open(page, 'Ledgerly', ledgerly, script);
    const heading = await signOutAtLedgerly(page);
    await see(page)('logout-app-two');
    assert.equal(await isOpen(page, ledgerly), false);
    const other = await isOpen(page, trailhead);
    assert.match(heading, other ? /not everywhere/ : /signed out everywhere/, `Trailhead is ${other ? 'open' : 'closed'}`);
    await gatewayIsOver(page);
  }));

  test(`signing out at the portal tells the app, ${how}`, () => inWindow({ script }, async function atThePortal(page) {
    await openPortal(page, maya);
    await open(page, 'Trailhead', trailhead, script);
    await open(page, 'Ledgerly', ledgerly, script);
    await page.goto(`${gateway}/logout`);
    await page.locator('main form[method=post] button[type=submit]').first().click();
    await page.getByRole('heading', { level: 1, name: /signed out/i }).waitFor();
    assert.equal(new URL(page.url()).origin, gateway);
    await see(page)('logout-portal-two');
    const [open_, closed] = (await page.locator('main').innerText()).split(/signed out of these apps too/);
    assert.match(closed ?? '', /Ledgerly/, 'Ledgerly was told');
    const other = await isOpen(page, trailhead);
    assert.match(other ? open_ : closed, /Trailhead/, `Trailhead is ${other ? 'open' : 'closed'}`);
    assert.equal(await isOpen(page, ledgerly), false, 'Ledgerly has ended its session');
    await gatewayIsOver(page);
  }));

  test(`another window stays signed in, ${how}`, () => inWindow({ script }, async function twoWindows(page) {
    await inWindow({ script }, async function otherWindow(other) {
      await openPortal(other, maya);
      await open(other, 'Ledgerly', ledgerly, script);
      await openPortal(page, maya);
      await open(page, 'Ledgerly', ledgerly, script);
      await signOutAtLedgerly(page);
      assert.equal(await isOpen(page, ledgerly), false);
      assert.equal(await isOpen(other, ledgerly), true, 'only the session of this window was named');
      await other.goto(`${gateway}/`);
      assert.equal(new URL(other.url()).pathname, '/');
    });
  }));
}

test('the pages in between can be read and pressed', () => inWindow({}, async function between(page) {
  // No content: the window stays where it is, as when the next site is slow.
  const hold = (origin, path) => page.route((url) => url.origin === origin && url.pathname.endsWith(path), (route) => route.fulfill({ status: 204 }));
  await openPortal(page, maya);
  await open(page, 'Ledgerly', ledgerly, true);
  await hold(ledgerly, '/saml/slo');
  await page.goto(`${gateway}/logout`);
  await page.locator('main form[method=post] button[type=submit]').first().click();
  await page.getByRole('heading', { level: 1, name: 'Signing out of Ledgerly' }).waitFor();
  await look(page, 'logout-portal-hop');
  await page.unrouteAll();
  await page.locator('#continue').click();
  await page.getByRole('heading', { level: 1, name: /signed out/i }).waitFor();
  assert.match(await text(page), /signed out of these apps too[^]*Ledgerly/);

  await openPortal(page, maya);
  await open(page, 'Ledgerly', ledgerly, true);
  await hold(gateway, '/slo');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { level: 1, name: /^Signing out of/ }).waitFor();
  await look(page, 'logout-app-leaving');
  await page.unrouteAll();
  await page.locator('#continue').click();
  await page.getByRole('heading', { level: 1, name: /everywhere/i }).waitFor();
}));
