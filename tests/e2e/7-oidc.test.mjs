// The pages of OpenID Connect: consent, which account, devices; and the console's settings, secrets and keys.
// With script on and off, against a gateway of its own. Does not verify tokens (tests/peers does).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { inWindow } from './support/browser.mjs';
import { post, startClient } from './support/client-double.mjs';
import { startFilledGateway } from './support/filled-gateway.mjs';
import { MIRA, OLIVE, credentials, harbour } from './support/harbour.mjs';
import { look } from './support/look.mjs';
import { signIn, text } from './support/steps.mjs';

let client;
let gateway;
let stop;

before(async () => {
  client = await startClient();
  ({ origin: gateway, stop } = await startFilledGateway(harbour(client.redirectUri)));
});
after(async () => {
  await stop?.();
  await client?.stop();
});

/** Signs a person in at the gateway itself. */
async function enter(page, person) {
  await page.goto(`${gateway}/login`);
  await signIn(page, person);
  await page.waitForURL(`${gateway}/`);
}

/** Begins a sign-on of a client and waits for the question or the answer that `until` names. */
async function begin(page, id, until, more) {
  await page.goto(client.authorize(gateway, id, more));
  await page.waitForURL(until);
}

const atClient = (url) => url.origin === client.origin;
const asked = (url) => url.pathname === '/login/consent';

/** What came back to the client last, once the window is there. */
async function told(page) {
  await page.waitForURL(atClient);
  return client.answers.at(-1);
}

/** Exchanges a code; gives status and JSON. */
const redeem = (id, code, more = {}) => post(`${gateway}/oauth2/token`, {
  grant_type: 'authorization_code', code, redirect_uri: client.redirectUri, code_verifier: client.verifier, ...credentials(id), ...more,
});

for (const script of [true, false]) {
  const how = script ? 'with script' : 'without script';
  const seeing = (page) => (script ? (name) => look(page, name) : async () => {});

  test(`an app of somebody else asks once, until it is taken back, ${how}`, () => inWindow({ script }, async function consent(page) {
    const see = seeing(page);
    await page.goto(client.authorize(gateway, 'tidebook'));
    await signIn(page, MIRA);
    await page.waitForURL(asked);
    await page.getByRole('heading', { level: 1, name: 'Allow Tidebook?' }).waitFor();
    for (const shown of ['mira@harbour.example', 'costTeam']) assert.ok((await text(page)).includes(shown), `${shown} is not shown`);
    await see('consent');
    await page.getByRole('button', { name: 'Cancel' }).click();
    const refused = await told(page);
    assert.equal(refused.error, 'access_denied');
    assert.equal(refused.code, undefined);

    await begin(page, 'tidebook', asked);
    await page.getByRole('button', { name: 'Allow' }).click();
    const { code } = await told(page);
    const tokens = await redeem('tidebook', code);
    assert.equal(tokens.status, 200, JSON.stringify(tokens.body));

    await begin(page, 'tidebook', atClient);
    assert.ok(client.answers.at(-1).code, 'the answer is remembered');

    await page.goto(`${gateway}/account`);
    const allowed = page.locator('section', { has: page.getByRole('heading', { name: 'Apps you allowed' }) });
    assert.match(await allowed.innerText(), /Tidebook/);
    await see('account-allowed');
    await allowed.getByRole('button', { name: /^Take back/ }).click();
    await page.waitForURL(`${gateway}/account`);
    await allowed.waitFor({ state: 'detached' });
    await see('account-taken-back');
    const renewed = await post(`${gateway}/oauth2/token`, { grant_type: 'refresh_token', refresh_token: tokens.body.refresh_token ?? '', ...credentials('tidebook') });
    assert.equal(renewed.status, 400, 'the tokens outlived the consent');

    await begin(page, 'tidebook', asked);
  }));

  test(`a client lets the person choose the account, ${how}`, () => inWindow({ script }, async function chooseAccount(page) {
    const choosing = (url) => url.pathname === '/login/account';
    await enter(page, MIRA);
    await begin(page, 'berths', choosing, { prompt: 'select_account' });
    await page.getByRole('heading', { level: 1, name: 'Choose an account' }).waitFor();
    await seeing(page)('choose-account');
    await page.getByRole('button', { name: /Continue as Mira/ }).click();
    const { code } = await told(page);
    assert.equal((await redeem('berths', code)).status, 200);

    await begin(page, 'berths', choosing, { prompt: 'select_account' });
    await page.getByRole('link', { name: 'Use another account' }).click();
    await signIn(page, OLIVE);
    const other = await redeem('berths', (await told(page)).code);
    const person = await fetch(`${gateway}/oauth2/userinfo`, { headers: { authorization: `Bearer ${other.body.access_token}` } }).then((answer) => answer.json());
    assert.equal(person.email, 'olive@harbour.example', 'another account is another account');
  }));

  test(`a form of another site with an ID token is posted again and gets into no address, ${how}`, () => inWindow({ script }, async function postedAgain(page) {
    await enter(page, MIRA);
    await begin(page, 'berths', atClient);
    const { body } = await redeem('berths', client.answers.at(-1).code);
    const hint = body.id_token;
    const addresses = [];
    page.on('framenavigated', (frame) => addresses.push(frame.url()));
    /** A page of no origin, which is another site, posts the fields; browsers keep our cookies from that. */
    const postFromElsewhere = async (path, fields) => {
      await page.goto('about:blank');
      const inputs = Object.entries(fields).map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`).join('');
      await page.setContent(`<form method="post" action="${gateway}${path}">${inputs}<button>Leave</button></form>`);
      await page.getByRole('button', { name: 'Leave' }).click();
      if (!script) await page.getByRole('button', { name: 'Continue' }).click();
      await page.waitForURL(atClient);
    };
    const silent = Object.fromEntries(new URL(client.authorize(gateway, 'berths', { prompt: 'none', id_token_hint: hint })).searchParams);
    await postFromElsewhere('/oauth2/authorize', silent);
    assert.ok(client.answers.at(-1).code, `the session was there: ${JSON.stringify(client.answers.at(-1))}`);

    await postFromElsewhere('/oauth2/logout', { id_token_hint: hint, post_logout_redirect_uri: `${client.origin}/bye`, state: 'out' });
    assert.equal(page.url(), `${client.origin}/bye?state=out`);
    await page.goto(`${gateway}/`);
    assert.equal(new URL(page.url()).pathname, '/login', 'the session is over');
    assert.deepEqual(addresses.filter((address) => address.includes('eyJ')), []);
  }));

  test(`a device is connected with its code, ${how}`, () => inWindow({ script }, async function device(page) {
    const see = seeing(page);
    const start = async () => (await post(`${gateway}/oauth2/device_authorization`, { scope: 'openid email', ...credentials('signal-lamp') })).body;
    const poll = (begun) => post(`${gateway}/oauth2/token`, { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: begun.device_code, ...credentials('signal-lamp') });
    const type = async (code) => {
      await page.locator('input[name=user_code]').fill(code);
      await page.getByRole('button', { name: 'Continue' }).click();
    };
    const begun = await start();
    assert.ok(begun.user_code, JSON.stringify(begun));
    // Somebody who isn't signed in comes back to the page.
    await page.goto(begun.verification_uri);
    await signIn(page, MIRA);
    await page.waitForURL(`${gateway}/device`);
    await see('device');
    await type('BCDF-GHJK');
    await page.locator('.field-error').first().waitFor();
    assert.match(await text(page), /No device waits with this code/);
    await see('device-wrong');

    // As people type: small letters, no hyphen.
    await type(begun.user_code.toLowerCase().replace('-', ''));
    await page.getByRole('heading', { level: 1, name: 'Connect Signal lamp?' }).waitFor();
    assert.ok((await text(page)).includes(begun.user_code), 'the code can be compared');
    await see('device-confirm');
    assert.equal((await poll(begun)).body.error, 'authorization_pending');
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByRole('heading', { level: 1, name: 'Connected' }).waitFor();
    await see('device-done');
    // RFC 8628 §3.5: no sooner than the interval.
    await page.waitForTimeout((begun.interval ?? 5) * 1000 + 200);
    const tokens = await poll(begun);
    assert.equal(tokens.status, 200, JSON.stringify(tokens.body));

    const second = await start();
    await page.getByRole('link', { name: 'Another code' }).click();
    await page.waitForURL(`${gateway}/device`);
    await page.goto(second.verification_uri_complete);
    assert.equal(await page.locator('input[name=user_code]').inputValue(), second.user_code, 'the address fills the form in, no more');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'No', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Not connected' }).waitFor();
    await see('device-refused');
    assert.equal((await poll(second)).body.error, 'access_denied');

    // The device stays connected until its person ends it.
    const refresh = (token) => post(`${gateway}/oauth2/token`, { grant_type: 'refresh_token', refresh_token: token, ...credentials('signal-lamp') });
    const renewed = await refresh(tokens.body.refresh_token);
    assert.equal(renewed.status, 200, JSON.stringify(renewed.body));
    await page.goto(`${gateway}/account`);
    const connected = page.locator('section', { has: page.getByRole('heading', { name: 'Apps that stay connected' }) });
    assert.match(await connected.innerText(), /Signal lamp\s+A device at 127\.0\.0\.1\s+Since .*, last used just now\./);
    await see('account-connected');
    const end = connected.getByRole('button', { name: 'End Signal lamp on A device at 127.0.0.1' });
    await end.click();
    await page.waitForURL(`${gateway}/account`);
    await end.waitFor({ state: 'detached' });
    assert.match(await text(page), /Signal lamp is disconnected there/);
    await see('account-disconnected');
    assert.equal((await refresh(renewed.body.refresh_token)).body.error, 'invalid_grant', 'the device went on');
  }));

  test(`an admin ends what stays connected to somebody, ${how}`, () => inWindow({ script }, async function connected(page) {
    const begun = (await post(`${gateway}/oauth2/device_authorization`, { scope: 'openid', ...credentials('signal-lamp') })).body;
    await page.goto(begun.verification_uri_complete);
    await signIn(page, MIRA);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByRole('heading', { level: 1, name: 'Connected' }).waitFor();
    const tokens = await post(`${gateway}/oauth2/token`, { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: begun.device_code, ...credentials('signal-lamp') });
    assert.equal(tokens.status, 200, JSON.stringify(tokens.body));

    await page.context().clearCookies();
    await enter(page, OLIVE);
    await page.goto(`${gateway}/admin/users?q=mira`);
    await page.getByRole('link', { name: 'Mira Castellanos' }).click();
    const apps = page.locator('section', { has: page.getByRole('heading', { name: 'Connected apps' }) });
    assert.match(await apps.innerText(), /Signal lamp\s+A device at 127\.0\.0\.1/);
    await seeing(page)('user-connected');
    const end = apps.getByRole('button', { name: 'End Signal lamp on A device at 127.0.0.1' });
    await end.click();
    await end.waitFor({ state: 'detached' });
    const renewed = await post(`${gateway}/oauth2/token`, { grant_type: 'refresh_token', refresh_token: tokens.body.refresh_token, ...credentials('signal-lamp') });
    assert.equal(renewed.body.error, 'invalid_grant', 'the device went on');
  }));

  test(`the settings of a client are changed in the console, ${how}`, () => inWindow({ script }, async function settings(page) {
    const see = seeing(page);
    const [seconds, origin] = script ? ['1234', 'https://berths.example'] : ['1432', 'https://quay.example'];
    await enter(page, OLIVE);
    await page.goto(`${gateway}/admin/apps/berths/sso`);
    const more = page.locator('details', { has: page.locator('summary', { hasText: /^More settings/ }) });
    assert.equal(await more.locator('[name=access_token_seconds]').isVisible(), false, 'it is folded up');
    await more.locator('summary').click();
    await see('app-oidc-more');
    await more.locator('[name=access_token_seconds]').fill('1');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('.field-error').first().waitFor();
    assert.equal(await more.locator('[name=access_token_seconds]').isVisible(), true, 'a refused field can be seen');
    await see('app-oidc-refused');

    await more.locator('[name=access_token_seconds]').fill(seconds);
    // With script each line has a field of its own.
    await (script ? more.getByLabel('Web origin 1', { exact: true }) : more.locator('[name=cors_origins]')).fill(origin);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('status').or(page.locator('.flash')).first().waitFor();
    await page.goto(`${gateway}/admin/apps/berths/sso`);
    assert.equal(await page.locator('[name=access_token_seconds]').inputValue(), seconds);
    assert.equal(await page.locator('[name=cors_origins]').inputValue(), origin);
    // What was saved is what clients get.
    await begin(page, 'berths', atClient);
    const tokens = await redeem('berths', client.answers.at(-1).code);
    assert.equal(String(tokens.body.expires_in), seconds);
  }));

  if (script) test('addresses are lines and scopes are chips, with script', () => inWindow({ script }, async function lists(page) {
    const see = seeing(page);
    const stored = (name) => page.locator(`[name=${name}]`).inputValue();
    await enter(page, OLIVE);
    await page.goto(`${gateway}/admin/apps/berths/sso`);
    const [first, scopes] = [await stored('redirect_uris'), await stored('scopes')];
    assert.ok(!first.includes('\n'), 'one address to begin with');
    assert.equal(await page.locator('[name=redirect_uris]').isVisible(), false);
    await page.getByRole('button', { name: 'Add address' }).click();
    await page.keyboard.type('https://berths.example/callback');
    await page.keyboard.press('Enter');
    await page.keyboard.type('https://berths.example/callback/');
    await see('app-oidc-lines');
    assert.equal(await stored('redirect_uris'), [first, 'https://berths.example/callback', 'https://berths.example/callback/'].join('\n'));
    assert.match(await page.locator('#redirect_uris-hint').innerText(), /is one of them enough/);
    await page.getByRole('button', { name: 'Remove redirect address 3' }).click();
    await page.getByRole('button', { name: 'Scope', exact: true }).click();
    await page.keyboard.type('berths:read');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Remove scope berths:read' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Remove scope openid', exact: true }).count(), 0, 'people can’t sign in without it');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('.flash').first().waitFor();
    await page.goto(`${gateway}/admin/apps/berths/sso`);
    assert.equal(await stored('redirect_uris'), `${first}\nhttps://berths.example/callback`);
    assert.equal(await stored('scopes'), `${scopes} berths:read`);
    // A refused list is where the summary leads.
    await page.getByLabel('Redirect address 2', { exact: true }).fill('javascript:alert(1)');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('[data-summary] a[href="#redirect_uris"]').click();
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Redirect address 1');
    await page.getByRole('button', { name: 'Remove redirect address 2' }).click();
    await page.getByRole('button', { name: 'Remove scope berths:read' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('.flash').first().waitFor();
    assert.deepEqual([await stored('redirect_uris'), await stored('scopes')], [first, scopes]);
  }));

  test(`a client secret is changed while both work, ${how}`, () => inWindow({ script }, async function secrets(page) {
    const see = seeing(page);
    const id = script ? 'beacon' : 'foghorn';
    const tries = async (client_secret) => (await post(`${gateway}/oauth2/device_authorization`, { client_id: id, client_secret })).status;
    const { client_secret: old } = credentials(id);
    await enter(page, OLIVE);
    await page.goto(`${gateway}/admin/apps/${id}/sso`);
    await page.locator(`main a[href="/admin/apps/${id}/secret"]`).click();
    await page.getByRole('heading', { level: 2, name: 'Client secret' }).waitFor();
    await see('app-secret');
    await page.locator('select[name=retire_hours]').selectOption('24');
    await page.getByRole('button', { name: 'Make a new secret' }).click();
    await page.getByRole('heading', { name: /shown this once/ }).waitFor();
    await see('app-secret-shown');
    const fresh = await page.locator('.once code, .once input').first().evaluate((each) => each.value ?? each.textContent.trim());
    assert.equal(await tries(fresh), 200, 'the new one works');
    assert.equal(await tries(old), 200, 'the old one works beside it');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download client secret as .txt' }).click()]);
    assert.equal(download.suggestedFilename(), `${id}-client-secret.txt`);
    assert.ok(readFileSync(await download.path(), 'utf8').includes(`client_secret: ${fresh}\n`));
    assert.ok(!download.url().includes(fresh) && await page.locator('.once').isVisible(), 'the page stays, and no address holds the secret');

    await page.goto(`${gateway}/admin/apps/${id}/secret`);
    assert.ok(!(await page.content()).includes(fresh), 'a secret is shown twice');
    await see('app-secret-two');
    const rows = page.locator('main dl.kv dd', { hasText: /Ends / });
    assert.equal(await rows.count(), 1, 'the old one has an end');
    await rows.first().getByRole('button', { name: /^Withdraw/ }).click();
    await page.waitForURL(`${gateway}/admin/apps/${id}/secret`);
    assert.equal(await rows.count(), 0);
    assert.equal(await tries(fresh), 200, 'the one in use goes on');
    assert.equal(await tries(old), 401, 'the old one is withdrawn');
  }));

  test(`a key of the issuer is changed, ${how}`, () => inWindow({ script }, async function issuerKeys(page) {
    const see = seeing(page);
    const algorithm = script ? 'ES256' : 'EdDSA';
    const published = async () => (await fetch(`${gateway}/oauth2/jwks`).then((answer) => answer.json())).keys.map((key) => key.kid);
    const row = (state) => page.locator('main tr', { hasText: algorithm }).filter({ hasText: state });
    await enter(page, OLIVE);
    await page.goto(`${gateway}/admin/keys`);
    await see('keys');
    const first = await row('In use').locator('code').getAttribute('title');
    await row('In use').getByRole('button', { name: /^Make the next/ }).click();
    await row('Next').waitFor();
    await see('keys-next');
    const next = await row('Next').locator('code').getAttribute('title');
    await row('Next').getByRole('button', { name: /^Sign with it now/ }).click();
    await row('Retired').waitFor();
    assert.equal(await row('In use').locator('code').getAttribute('title'), next);
    // Changes may take a second to be seen.
    await page.waitForTimeout(1200);
    const both = await published();
    assert.ok(both.includes(first) && both.includes(next), 'tokens of the old key can still be checked');
    await row('Retired').getByRole('link', { name: /^Withdraw/ }).click();
    await page.getByRole('heading', { level: 1, name: 'Withdraw a key at once' }).waitFor();
    await see('keys-retire');
    await page.getByRole('button', { name: 'Withdraw the key' }).click();
    await row('Withdrawn').waitFor();
    await page.waitForTimeout(1200);
    assert.ok(!(await published()).includes(first), 'the withdrawn key is still published');
  }));

  test(`the advanced settings of a SAML app are saved, ${how}`, () => inWindow({ script }, async function samlAdvanced(page) {
    const see = seeing(page);
    const seconds = script ? '240' : '420';
    await enter(page, OLIVE);
    await page.goto(`${gateway}/admin/apps/cargo/sso`);
    const advanced = page.locator('details', { has: page.getByRole('heading', { name: 'Advanced' }) });
    await advanced.locator('summary').first().click();
    await see('app-sso-advanced');
    await advanced.locator('[name=assertion_seconds]').fill('5');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.locator('.field-error').first().waitFor();
    assert.equal(await advanced.locator('[name=assertion_seconds]').isVisible(), true, 'a refused field can be seen');
    await see('app-sso-advanced-refused');
    await advanced.locator('[name=assertion_seconds]').fill(seconds);
    await advanced.locator('[name=strict_relay_state]').check();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('status').or(page.locator('.flash')).first().waitFor();
    await page.goto(`${gateway}/admin/apps/cargo/sso`);
    assert.equal(await page.locator('[name=assertion_seconds]').inputValue(), seconds);
    assert.equal(await page.locator('[name=strict_relay_state]').isChecked(), true);

    const source = page.locator('details', { has: page.getByRole('heading', { name: 'Metadata by address' }) }).first();
    await source.locator('summary').first().click();
    await source.locator('details summary').first().click();
    assert.equal(await source.locator('[name=sp_metadata_url]').isVisible(), true);
    await see('app-sso-source');
    // Nobody listens there: the page says what is wrong, and sign-in goes on as it is.
    await source.locator('[name=sp_metadata_url]').fill('https://127.0.0.1:1/metadata');
    await source.getByRole('button', { name: 'Save and fetch' }).click();
    await source.getByText('Never fetched').waitFor();
    assert.match(await source.innerText(), /could not be fetched: ./, 'the cause is told');
    assert.equal(await page.locator('.flash').getAttribute('data-tone'), 'warn', 'a failure is no success');
    await see('app-sso-source-failed');
    await source.locator('[name=sp_metadata_url]').fill('');
    await source.getByRole('button', { name: 'Save and fetch' }).click();
    await source.getByText('Never fetched').waitFor({ state: 'detached' });
  }));
}
