// Signing in and the portal beside the main job: wrong passwords, set-up, favourites, search, keyboard.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inWindow } from './support/browser.mjs';
import { demo, gateway, signInOf } from './support/demo.mjs';
import { look } from './support/look.mjs';
import { arrive, openPortal, reference, signIn, text, tile, tiles } from './support/steps.mjs';

const maya = signInOf('maya');
const main = (page) => page.locator('main');

for (const script of [true, false]) {
  const how = script ? 'with script' : 'without script';

  test(`a wrong password and an unknown person read alike, ${how}`, () => inWindow({ script }, async function wrong(page) {
    const words = [];
    for (const username of ['maya', 'nobody-of-that-name']) {
      await page.goto(`${gateway}/login`);
      await signIn(page, { username, password: 'not the password' });
      await page.locator('[aria-invalid=true], .summary, [role=alert]').first().waitFor();
      assert.match(await page.title(), /^Error: /);
      words.push((await main(page).innerText()).replaceAll(username, 'NAME'));
      assert.equal(await page.locator('input[name=password]').inputValue(), '', 'the password is sent back');
    }
    assert.equal(words[0], words[1]);
    assert.match(words[0], /That email and password don[’']t match/);
    if (script) await look(page, 'signin-wrong');
    // The valid twin: the same page still takes the right password.
    await page.goto(`${gateway}/`);
    await signIn(page, maya);
    await page.waitForURL(`${gateway}/`);
  }));

  test(`set-up is closed once there is an owner, ${how}`, () => inWindow({ script }, async function setup(page) {
    assert.equal((await page.goto(`${gateway}/setup`)).status(), 404);
    if (script) await look(page, 'not-found');
  }));

  test(`a favourite is added and taken away, ${how}`, () => inWindow({ script }, async function favourites(page) {
    await openPortal(page, maya);
    const star = (name) => page.getByRole('button', { name, exact: true }).first();
    const label = (await page.getByRole('button', { name: /^Add .* to favourites$/ }).first().getAttribute('aria-label')).replace(/^Add (.*) to favourites$/, '$1');
    await star(`Add ${label} to favourites`).click();
    await star(`Remove ${label} from favourites`).waitFor();
    assert.equal(await star(`Remove ${label} from favourites`).getAttribute('aria-pressed'), 'true');
    await page.reload();
    assert.equal((await tiles(page)).length, 20);
    await star(`Remove ${label} from favourites`).click();
    await star(`Add ${label} to favourites`).waitFor();
    await page.reload();
    await star(`Add ${label} to favourites`).waitFor();
  }));

  test(`search finds an app by its name, ${how}`, () => inWindow({ script }, async function search(page) {
    await openPortal(page, maya);
    await page.locator('input[name=q]').fill('ledger');
    await page.locator('input[name=q]').press('Enter');
    await page.waitForURL((url) => url.searchParams.get('q') === 'ledger' || url.pathname.startsWith('/launch/') || url.origin !== gateway);
    assert.equal(new URL(page.url()).searchParams.get('q'), 'ledger');
    assert.equal((await tiles(page)).length, 1);
    await tile(page, 'Ledgerly').waitFor();
    if (script) await look(page, 'portal-search');
    await page.goto(`${gateway}/?q=figjam`);
    assert.equal((await tiles(page)).length, 0);
    assert.match(await text(page), /Nothing called .figjam./);
    if (script) await look(page, 'portal-nothing');
    // Markup typed into the box is text.
    await page.goto(`${gateway}/?q=${encodeURIComponent('<script>document.title="x"</script>"><img src=x onerror=1>')}`);
    assert.match(await main(page).innerText(), /<script>/);
    assert.equal(await page.locator('main img').count(), 0);
  }));

  test(`an app that isn't theirs, ${how}`, () => inWindow({ script }, async function unknown(page) {
    await openPortal(page, maya);
    const answer = await page.goto(`${gateway}/launch/no-such-app`);
    assert.equal(answer.status(), 404);
    if (script) await look(page, 'launch-unknown');
  }));

  test(`a request that is no SAML ends on the hand-over page, ${how}`, () => inWindow({ script }, async function handOver(page) {
    await openPortal(page, maya);
    const href = (await tile(page, 'Ledgerly').getAttribute('href')).replace('/launch/', '/saml2/');
    const answer = await page.goto(`${gateway}${href}?SAMLRequest=AAAA`);
    assert.equal(answer.status(), 400);
    await reference(page);
    if (script) await look(page, 'error');
  }));
}

test('signing in and the portal by keyboard alone', () => inWindow({}, async function keyboard(page) {
  await page.goto(`${gateway}/`);
  await tabTo(page, 'input[name=username]');
  await page.keyboard.type('maya');
  await page.keyboard.press('Enter');
  await page.locator('input[name=password]').waitFor();
  await tabTo(page, 'input[name=password]');
  await page.keyboard.type(maya.password);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${gateway}/`);

  await page.keyboard.press('/');
  assert.equal(await focused(page, (element) => element.name), 'q', '/ goes to the search box');
  await page.keyboard.type('trail');
  await visibleTiles(page, (count) => count === 1, 'the list narrows as one types');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('input[name=q]').inputValue(), '', 'Esc clears');
  await visibleTiles(page, (count) => count === 20, 'Esc brings everything back');

  await tabTo(page, 'a.go');
  const first = await focused(page, (element) => element.getAttribute('href'));
  await page.keyboard.press('ArrowRight');
  const second = await focused(page, (element) => element.getAttribute('href'));
  assert.match(second ?? '', /^\/launch\//);
  assert.notEqual(second, first);
  await page.keyboard.press('ArrowLeft');
  assert.equal(await focused(page, (element) => element.getAttribute('href')), first);
  await page.keyboard.press('ArrowDown');
  const below = await focused(page, (element) => element.getAttribute('href'));
  assert.match(below ?? '', /^\/launch\//);
  assert.notEqual(below, first);
  await page.keyboard.press('ArrowUp');
  assert.equal(await focused(page, (element) => element.getAttribute('href')), first);
  const ring = await focused(page, (element) => getComputedStyle(element).outlineStyle + getComputedStyle(element.closest('li')).outlineStyle);
  assert.match(ring, /solid|auto/, 'the focused tile shows a ring');

  // A tile of ours, as the bookmarks lead to the open internet.
  const ledgerly = await tile(page, 'Ledgerly').getAttribute('href');
  await tabTo(page, `a.go[href="${ledgerly}"]`);
  await page.keyboard.press('Enter');
  await arrive(page, new URL(demo.sample_saml_url).origin, true);
}));

/** Waits until the number of tiles in sight is right. */
async function visibleTiles(page, right, what) {
  let count;
  for (let tries = 0; tries < 30; tries++) {
    count = await page.locator('main a.go:visible').count();
    if (right(count)) return;
    await page.waitForTimeout(100);
  }
  assert.fail(`${what}: ${count} tiles`);
}

const focused = (page, read) => page.evaluate(`(${read})(document.activeElement)`);

/** Presses Tab until the wanted control has the focus. */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 80; presses++) {
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab never reached ${selector}`);
}
