// A person's main job: sign in once and open real apps, from the portal and from the apps themselves.
// Each journey is made with script on and off. Does not own the console.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inWindow } from './support/browser.mjs';
import { demo, gateway, signInOf } from './support/demo.mjs';
import { look } from './support/look.mjs';
import { arrive, openPortal, signIn, signOut, text, tile, tiles } from './support/steps.mjs';

const SAMPLES = { Ledgerly: new URL(demo.sample_saml_url), Trailhead: new URL(demo.sample_oidc_url) };
const maya = signInOf('maya');

/** The sample app's page names the person and at least the attributes that any app gets. */
async function isSignedInAt(page, label) {
  const shown = await text(page);
  assert.match(shown, /maya/i, `${label} does not say who signed in: ${shown}`);
  assert.match(shown, /maya[^\s]*@[^\s]+/i, `${label} shows no e-mail address: ${shown}`);
  assert.match(shown, /Okafor/, `${label} shows no name: ${shown}`);
}

for (const script of [true, false]) {
  const how = script ? 'with script' : 'without script';
  const see = (page) => (script ? (name) => look(page, name) : async () => {});

  test(`the portal and its tiles, ${how}`, () => inWindow({ script }, async function tilesJourney(page) {
    await openPortal(page, maya, see(page));
    assert.equal((await tiles(page)).length, 20, 'tiles on the portal');
    await see(page)('portal');
    for (const [label, address] of Object.entries(SAMPLES)) {
      await tile(page, label).click();
      await arrive(page, address.origin, script);
      await isSignedInAt(page, label);
      await see(page)(`sample-${label.toLowerCase()}`);
      await page.goto(`${gateway}/`);
      assert.equal((await tiles(page)).length, 20, 'still signed in at the gateway');
    }
    await signOut(page, see(page));
  }));

  for (const [label, address] of Object.entries(SAMPLES)) {
    test(`starting at ${label}, ${how}`, () => inWindow({ script }, async function startAtApp(page) {
      await page.goto(address.href);
      await see(page)(`sample-${label.toLowerCase()}-start`);
      await startFrom(page);
      await page.waitForURL((url) => url.origin === gateway && url.pathname === '/login');
      assert.match(await text(page), new RegExp(label), 'the sign-in page names the app');
      await signIn(page, maya, async (name) => see(page)(`${name}-${label.toLowerCase()}`));
      await arrive(page, address.origin, script);
      await isSignedInAt(page, label);
    }));

    test(`starting at ${label} when already signed in, ${how}`, () => inWindow({ script }, async function startAgain(page) {
      await openPortal(page, maya);
      await page.goto(address.href);
      await startFrom(page);
      await arrive(page, address.origin, script);
      await isSignedInAt(page, label);
    }));
  }
}

/** Presses what the sample app offers for signing in, unless it sent us on by itself. */
async function startFrom(page) {
  if (new URL(page.url()).origin === gateway) return;
  const offered = page.getByRole('link', { name: /sign in/i }).or(page.getByRole('button', { name: /sign in/i }));
  await offered.first().click();
}
