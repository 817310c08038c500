// The console's main job: add a custom SAML app by uploading its metadata, give it to a group, try it.
// With script on and off. Does not own the sign-in pages.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inWindow } from './support/browser.mjs';
import { addCustomSaml, bindGroup, goLive, removeApp, uploadMetadata } from './support/console.mjs';
import { colleague, demo, gateway, owner, signInOf } from './support/demo.mjs';
import { look } from './support/look.mjs';
import { startServiceProvider } from './support/sp-double.mjs';
import { arrive, openPortal, reference, signIn, text, tile, tiles } from './support/steps.mjs';

const GROUP = 'Product analytics';
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-e2e-'));
after(() => rmSync(folder, { recursive: true }));

const maya = signInOf('maya');

for (const script of [true, false]) {
  const how = script ? 'with script' : 'without script';
  const label = script ? 'Ferry desk' : 'Harbour log';
  const seeing = (page) => (script ? (name) => look(page, name) : async () => {});

  test(`a custom SAML app from its metadata to its first sign-on, ${how}`, async () => {
    const app = await startServiceProvider();
    const file = join(folder, 'sp-metadata.xml');
    writeFileSync(file, app.metadata);
    try {
      let slug;
      await inWindow({ script }, async function addApp(page) {
        const see = seeing(page);
        await openPortal(page, owner());
        await see('portal-owner');
        slug = await addCustomSaml(page, label, see);
        await uploadMetadata(page, slug, file, app, see);
        await bindGroup(page, slug, GROUP, see);
        await goLive(page);
        await see('app-live');
      });

      await inWindow({ script }, async function member(page) {
        await openPortal(page, maya);
        assert.ok((await tiles(page)).includes(`/launch/${slug}`), 'the tile appears');
        await tile(page, label).click();
        // The double answers its ACS with a redirect to a third origin: a form-action of the
        // post page that names the ACS alone would stop here.
        await arrive(page, app.landingOrigin, script);
        assert.match(await text(page), /Landed in the app/);
        assert.equal(app.posted.length, 1);
        assert.match(app.posted[0].xml, new RegExp(`Destination="${app.acs}"`));
        assert.match(app.posted[0].xml, /maya[^<]*@[^<]*<\/(saml2?:)?NameID>/);
        assert.ok(app.posted[0].xml.includes(`Audience>${app.entityId}</`));
      });

      await inWindow({ script }, async function memberFromLink(page) {
        await page.goto(`${gateway}/saml2/${slug}`);
        await signIn(page, maya);
        await arrive(page, app.landingOrigin, script);
        assert.equal(app.posted.length, 2);
      });

      let shown;
      await inWindow({ script }, async function stranger(page) {
        await openPortal(page, colleague() ?? owner());
        assert.ok(!(await tiles(page)).includes(`/launch/${slug}`), 'no tile for someone outside the group');
        const answer = await page.goto(`${gateway}/launch/${slug}`);
        assert.equal(answer.status(), 403);
        shown = await reference(page);
        await seeing(page)('denied');
        assert.equal(app.posted.length, 2, 'something was sent to the app');
      });

      await inWindow({ script }, async function findInAudit(page) {
        const see = seeing(page);
        await openPortal(page, owner());
        await page.goto(`${gateway}/admin/audit`);
        await see('audit');
        await page.locator('main input[name=q]').fill(shown);
        await page.locator('main input[name=q]').press('Enter');
        await page.waitForURL((url) => url.searchParams.get('q') === shown);
        const rows = page.locator('main tbody tr');
        assert.equal(await rows.count(), 1, 'the reference finds one event');
        assert.match(await rows.first().innerText(), new RegExp(label));
        await rows.first().locator('a').first().click();
        await page.getByText(shown).first().waitFor();
        await see('audit-event');
        await removeApp(page, slug, label, see);
      });

      await inWindow({ script }, async function afterwards(page) {
        await openPortal(page, maya);
        assert.ok(!(await tiles(page)).includes(`/launch/${slug}`), 'the tile outlived its app');
      });
    } finally {
      await app.stop();
    }
  });

  test(`an app is previewed for a person, and taken from a group after asking, ${how}`, () => inWindow({ script }, async function previewAndRemove(page) {
    const see = seeing(page);
    await openPortal(page, owner());
    const slug = await slugOf(page, 'Ledgerly');
    await page.goto(`${gateway}/admin/apps/${slug}/sso`);
    await page.locator('input[name=preview]:visible').fill('Okafor');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByText('Maya would get in').waitFor();
    assert.match(await page.locator('main aside').first().innerText(), /NameID\s+maya/);
    await see('app-sso-preview');
    await page.goto(`${gateway}/admin/apps/${slug}/access`);
    await page.locator('main a[href*="/access/remove?group="]').first().click();
    await page.getByRole('heading', { level: 2, name: /^Remove .* from Ledgerly$/ }).waitFor();
    assert.match(await text(page), /loses? Ledgerly/);
    await see('access-remove');
    // Asking is all that was done: going back leaves everything as it was.
    await page.getByRole('link', { name: 'Keep it' }).click();
    await page.waitForURL((url) => url.pathname.endsWith('/access'));
  }));

  test(`a group is told to an app by an alias, and renaming it warns, ${how}`, () => inWindow({ script }, async function aliasAndRename(page) {
    const see = seeing(page);
    await openPortal(page, owner());
    const slug = await slugOf(page, 'Ledgerly');
    const access = `${gateway}/admin/apps/${slug}/access`;
    await page.goto(access);
    const row = page.locator('tr', { has: page.locator('details') }).first();
    const group = row.locator('a').first();
    const [name, href] = [await group.innerText(), await group.getAttribute('href')];
    await page.goto(`${gateway}${href}`);
    await page.locator('input[name=name]').fill(`${name} team`);
    await page.locator('form:has(input[name=name]) button[type=submit]').click();
    await page.getByText('Rename it all the same').waitFor();
    await see('group-rename');
    await page.goto(access);
    await row.locator('summary').click();
    await row.locator('select').selectOption('alias');
    await row.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Enter what the app calls the group').first().waitFor();
    await see('access-alias');
    await row.locator('input[name=alias]').fill('finance-eu');
    await row.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Told as finance-eu').waitFor();
    await see('access-told');
    await row.locator('summary').click();
    await row.locator('select').selectOption('name');
    await row.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Told by name').first().waitFor();
  }));

  test(`metadata that can't be read is refused in words, ${how}`, () => inWindow({ script }, async function badMetadata(page) {
    await openPortal(page, owner());
    const slug = await addCustomSaml(page, `Broken ${script ? 'one' : 'two'}`);
    await page.goto(`${gateway}/admin/apps/${slug}/sso`);
    const file = join(folder, 'broken.xml');
    for (const content of ['<EntityDescriptor', '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', 'hello', '<x/>']) {
      writeFileSync(file, content);
      await page.locator('main input[type=file]').setInputFiles(file);
      await page.locator('main form:has(input[type=file]) button[type=submit]').first().click();
      await page.locator('.field-error').first().waitFor();
      assert.ok(!(await text(page)).includes('root:'), 'a file of the server is shown');
    }
    if (script) await look(page, 'app-sso-refused');
  }));

  test(`the console is shut to people without a role, ${how}`, () => inWindow({ script }, async function shut(page) {
    await openPortal(page, maya);
    for (const path of ['/admin', '/admin/apps', '/admin/users', '/admin/groups', '/admin/audit']) {
      const answer = await page.goto(`${gateway}${path}`);
      assert.ok([403, 404].includes(answer.status()), `${path}: ${answer.status()}`);
    }
    if (script) await look(page, 'console-shut');
  }));
}

test('the other pages of the console', () => inWindow({}, async function pages(page) {
  await openPortal(page, owner());
  const answer = await page.goto(`${gateway}/admin`);
  assert.equal(answer.status(), 200);
  await look(page, 'home');
  const saml = await slugOf(page, 'Ledgerly');
  const oidc = await slugOf(page, 'Trailhead');
  for (const [path, name] of [
    ['/admin/users', 'users'], ['/admin/groups', 'groups'], [`/admin/apps/${saml}/sso`, 'app-sso-ledgerly'],
    [`/admin/apps/${oidc}/sso`, 'app-oidc'], [`/admin/apps/${saml}/access`, 'access-ledgerly'], ['/account', 'account'],
  ]) {
    const shown = await page.goto(`${gateway}${path}`);
    assert.equal(shown.status(), 200, path);
    await look(page, name);
  }
  await page.goto(`${gateway}/admin/users`);
  await page.locator('main tbody a', { hasText: /Okafor/ }).first().click();
  await page.getByRole('heading', { level: 1, name: /Okafor/ }).waitFor();
  await look(page, 'user');
  await page.goto(`${gateway}/admin/groups`);
  await page.locator('main tbody a', { hasText: GROUP }).first().click();
  await page.getByRole('heading', { level: 1, name: GROUP }).waitFor();
  await look(page, 'group');
}));

test('metadata and certificate are handed over as files', () => inWindow({}, async function downloads(page) {
  await openPortal(page, owner());
  const slug = await slugOf(page, 'Ledgerly');
  await page.goto(`${gateway}/admin/apps/${slug}/sso`);
  for (const [path, name] of [['metadata', `Gatehouse-${slug}-metadata.xml`], ['certificate.pem', 'certificate.pem']]) {
    const waiting = page.waitForEvent('download');
    await page.locator(`main a[href$="/saml2/${slug}/${path}"]`).first().click();
    assert.equal((await waiting).suggestedFilename(), name);
  }
  assert.ok((await text(page)).includes(`${demo.url.replace(/\/$/, '')}/saml2/${slug}`), 'the sign-in address is shown');
}));

/** The slug of an app on the console's list. */
async function slugOf(page, label) {
  await page.goto(`${gateway}/admin/apps?q=${encodeURIComponent(label)}`);
  const href = await page.locator('main tbody a[href^="/admin/apps/"]', { hasText: label }).first().getAttribute('href');
  return href.split('/')[3];
}
