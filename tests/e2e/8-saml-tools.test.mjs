// The tools of a SAML app in the console: a sign-in is recorded, read and replayed with settings that nobody saved; keys for what the
// app encrypts are made and removed; an attribute set is added. With script on and off. Does not own what is recorded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inWindow } from './support/browser.mjs';
import { gateway, owner, signInOf } from './support/demo.mjs';
import { look } from './support/look.mjs';
import { openPortal, tile } from './support/steps.mjs';

const APP = `${gateway}/admin/apps/ledgerly`;
const maya = signInOf('maya');

/** Signs Maya in to Ledgerly, so that there is something to look at. */
async function recordOne(script) {
  await inWindow({ script }, async function member(page) {
    await openPortal(page, maya);
    await tile(page, 'Ledgerly').click();
    if (!script) {
      await page.locator('form:has(input[name=SAMLResponse]) button[type=submit]').click();
    }
    await page.waitForURL((url) => url.origin !== new URL(gateway).origin);
  });
}

/** Recordings are written every few seconds. */
async function openRecordings(page) {
  const end = Date.now() + 20_000;
  while (Date.now() < end) {
    await page.goto(`${APP}/recordings`);
    if (await page.locator('main table tbody tr', { hasText: 'Answered' }).count()) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  assert.fail(`nothing was recorded: ${await page.locator('main').innerText()}`);
}

for (const script of [true, false]) {
  const how = script ? 'with script' : 'without script';

  test(`a recorded sign-in is read, and unsaved settings are tried on it, ${how}`, async () => {
    await recordOne(script);
    await inWindow({ script }, async function recorder(page) {
      const see = script ? (name) => look(page, name) : async () => {};
      await openPortal(page, owner());
      await openRecordings(page);
      await see('recordings');
      await page.locator('main table tbody tr', { hasText: 'Answered' }).first().locator('a').click();
      await page.getByRole('heading', { name: 'Response' }).waitFor();
      assert.match(await page.locator('main').innerText(), /saml:Assertion/);
      await see('recording');
      await page.getByRole('button', { name: 'Replay now' }).click();
      await page.getByRole('heading', { name: 'A recorded sign-in with the settings of now' }).waitFor();
      await see('replay');

      await page.goto(`${APP}/sso`);
      const plan = page.locator('tr:has(input[name=attribute_name][value=plan])');
      await plan.locator('input[name=attribute_value]').fill('harbour');
      await page.getByRole('button', { name: 'Try these settings' }).click();
      await page.getByRole('heading', { name: 'A recorded sign-in with your unsaved settings' }).waitFor();
      const row = page.locator('tr[data-changed]', { hasText: 'Attribute plan' });
      assert.match(await row.innerText(), /team[\s\S]*harbour/);
      await see('replay-draft');
      await page.goto(`${APP}/sso`);
      assert.equal(await plan.locator('input[name=attribute_value]').inputValue(), 'team', 'trying saves nothing');

      // From the comparison it is saved, and put back.
      for (const value of ['harbour', 'team']) {
        await plan.locator('input[name=attribute_value]').fill(value);
        await page.getByRole('button', { name: 'Try these settings' }).click();
        await page.getByRole('button', { name: 'Save these settings' }).click();
        await page.waitForURL((url) => url.pathname.endsWith('/ledgerly/sso'));
        assert.equal(await plan.locator('input[name=attribute_value]').inputValue(), value);
      }

      await page.goto(`${APP}/recordings`);
      await page.locator('select[name=recorder]').selectOption('own');
      await page.locator('input[name=recorder_per_app]').fill('5');
      await page.locator('main form:has(select[name=recorder]) button[type=submit]').click();
      await page.getByText('The last 5 of each outcome are kept').waitFor();
      await page.locator('select[name=recorder]').selectOption('server');
      await page.locator('main form:has(select[name=recorder]) button[type=submit]').click();
      await page.getByText('The last 20 of each outcome are kept').waitFor();
    });
  });

  test(`a key for what the app encrypts is made and removed, and an attribute set added, ${how}`, async () => {
    await inWindow({ script }, async function keys(page) {
      const see = script ? (name) => look(page, name) : async () => {};
      await openPortal(page, owner());
      await page.goto(`${APP}/certificate`);
      await page.getByRole('button', { name: 'Make a key' }).click();
      await page.getByRole('cell', { name: 'The one to use.' }).waitFor();
      const metadata = await (await page.request.get(`${gateway}/saml2/ledgerly/metadata`)).text();
      assert.match(metadata, /KeyDescriptor use="encryption"/);
      await page.getByRole('button', { name: 'Make the next key' }).click();
      await page.getByRole('cell', { name: 'Still read.' }).waitFor();
      await see('app-decryption-keys');
      for (const left of ['Make the next key', 'Make a key']) {
        await page.getByRole('button', { name: /^Remove the key/ }).last().click();
        await page.getByRole('button', { name: left, exact: true }).waitFor();
      }
      const after = await (await page.request.get(`${gateway}/saml2/ledgerly/metadata`)).text();
      assert.doesNotMatch(after, /KeyDescriptor use="encryption"/);

      await page.goto(`${APP}/sets/new`);
      await page.locator('input[name=set_index]').fill('2');
      await page.locator('input[name=set_name]').fill('Payroll');
      await page.locator('input[name=attribute_name]').first().fill('mail');
      await page.locator('input[name=attribute_value]').first().fill('email');
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.waitForURL((url) => url.pathname.endsWith('/ledgerly/sso'));
      await page.locator('summary', { hasText: 'Advanced' }).click();
      await see('app-sso-advanced');
      await page.getByRole('link', { name: 'Set 2' }).click();
      await see('app-set');
      await page.getByRole('button', { name: 'Remove the set' }).click();
      await page.waitForURL((url) => url.pathname.endsWith('/ledgerly/sso'));
    });
  });
}
