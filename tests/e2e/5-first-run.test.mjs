// The first run: the code from the log makes the owner, once. Does not own the demo's organisation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inWindow } from './support/browser.mjs';
import { startEmptyGateway } from './support/empty-gateway.mjs';
import { look } from './support/look.mjs';

const OWNER = {
  organisation: 'Harbour & <Sons>', first_name: 'Zoë', last_name: 'Ångström', username: 'zoe', email: 'zoe@harbour.example',
  password: 'lantern orchard velvet nine',
};

for (const script of [true, false]) {
  test(`the owner is made with the code from the log, ${script ? 'with script' : 'without script'}`, async () => {
    const gateway = await startEmptyGateway();
    try {
      await inWindow({ script }, async function firstRun(page) {
        const fill = async (code) => {
          for (const [name, value] of Object.entries({ ...OWNER, code })) await page.locator(`main input[name=${name}]`).fill(value);
          await page.locator('main form button[type=submit]').click();
        };
        // The page is open only while there is no owner.
        await page.goto(`${gateway.origin}/setup`);
        if (script) await look(page, 'setup');
        await fill('AAAA-AAAA');
        await page.locator('.field-error').first().waitFor();
        assert.match(await page.locator('main').innerText(), /That code doesn[’']t match/);
        assert.equal(await page.locator('input[name=email]').inputValue(), OWNER.email, 'what was typed is kept');
        assert.equal(await page.locator('input[name=password]').inputValue(), '', 'a secret is not');
        if (script) await look(page, 'setup-wrong');

        await fill(gateway.code);
        await page.waitForURL((url) => !url.pathname.startsWith('/setup'));
        if (new URL(page.url()).pathname === '/login') {
          await page.locator('input[name=username]:visible').fill(OWNER.username);
          await page.locator('main form button[type=submit]').first().click();
          await page.locator('input[name=password]').fill(OWNER.password);
          await page.locator('main form button[type=submit]').first().click();
        }
        assert.equal((await page.goto(`${gateway.origin}/admin`)).status(), 200);
        // A change may take a second to be seen.
        await page.waitForTimeout(1200);
        await page.reload();
        assert.match(await page.locator('body').innerText(), /Harbour & <Sons>/, 'the name is shown as it was typed');
        if (script) await look(page, 'home-first');
        await page.goto(`${gateway.origin}/`);
        assert.match(await page.locator('main').innerText(), /No apps yet/);
        if (script) await look(page, 'portal-empty');
        for (const [path, name] of [['/admin/apps', 'apps-first'], ['/admin/groups', 'groups-first'], ['/admin/users', 'users-first']]) {
          assert.equal((await page.goto(`${gateway.origin}${path}`)).status(), 200);
          if (script) await look(page, name);
        }
        assert.equal((await page.goto(`${gateway.origin}/setup`)).status(), 404, 'set-up closes behind the owner');
      });
    } finally {
      await gateway.stop();
    }
  });
}
