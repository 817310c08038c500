// openid-client as the RP, strict: discovery, PKCE, state, nonce, iss and the ID token's signature are checked.
// Owns OIDC sign-on and what follows it (userinfo, refresh, introspection, revocation). Does not own SAML.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as client from 'openid-client';
import { Browser, state } from './support/browser.mjs';

const CLIENTS = {
  basic: { id: 'peer-basic', auth: client.ClientSecretBasic(state.basic_secret), redirect: `${state.sp_base}/oidc-basic/callback` },
  post: { id: 'peer-post', auth: client.ClientSecretPost(state.post_secret), redirect: `${state.sp_base}/oidc-post/callback` },
  public: { id: 'peer-public', auth: client.None(), redirect: `${state.sp_base}/oidc-public/callback` },
};

/** Discovery as the library does it, with an http issuer allowed for loopback alone. */
async function discover(kind, auth = CLIENTS[kind].auth) {
  const config = await client.discovery(new URL(state.url), CLIENTS[kind].id, undefined, auth, {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
    timeout: 20,
  });
  return config;
}

/** An authorization request with everything that may be checked. */
async function request(config, kind, more = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce(), idTokenExpected: true };
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: CLIENTS[kind].redirect,
    scope: 'openid profile email offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...more,
  });
  return { url, checks };
}

/** One whole sign-on: the tokens, and what is needed to try parts of it again. */
async function signOn(kind, { browser = new Browser(), more = {}, config } = {}) {
  config ??= await discover(kind);
  const { url, checks } = await request(config, kind, more);
  const { left } = await browser.get(url);
  assert.ok(left, 'the browser was not sent to the app');
  assert.equal(left.origin + left.pathname, CLIENTS[kind].redirect);
  const tokens = await client.authorizationCodeGrant(config, left, checks);
  return { config, tokens, left, checks, browser };
}

/** The error code with which a call is refused. */
async function refusal(promise) {
  const error = await promise.then((value) => assert.fail(`taken: ${JSON.stringify(value)}`), (error) => error);
  assert.ok(error instanceof client.ResponseBodyError || error instanceof client.AuthorizationResponseError, String(error.stack));
  return { code: error.error, status: error.status };
}

const mayUse = async (config, tokens) => {
  try {
    await client.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? client.skipSubjectCheck);
    return true;
  } catch (error) {
    assert.ok(error instanceof client.WWWAuthenticateChallengeError, String(error.stack));
    assert.equal(error.response.status, 401);
    return false;
  }
};

test('discovery names what the gateway does', async () => {
  const metadata = (await discover('basic')).serverMetadata();
  assert.equal(metadata.issuer, state.url);
  for (const [name, path] of Object.entries({
    authorization_endpoint: 'authorize', token_endpoint: 'token', userinfo_endpoint: 'userinfo', jwks_uri: 'jwks',
    revocation_endpoint: 'revoke', introspection_endpoint: 'introspect', end_session_endpoint: 'logout',
  })) assert.equal(metadata[name], `${state.url}/oauth2/${path}`);
  assert.deepEqual(metadata.code_challenge_methods_supported, ['S256']);
  assert.equal(metadata.authorization_response_iss_parameter_supported, true);
  assert.deepEqual(metadata.response_types_supported, ['code']);
  assert.ok(metadata.id_token_signing_alg_values_supported.includes('RS256'));
  assert.ok(!metadata.id_token_signing_alg_values_supported.includes('none'));
  assert.ok(!metadata.id_token_signing_alg_values_supported.includes('HS256'));
  for (const method of ['client_secret_basic', 'client_secret_post', 'none']) assert.ok(metadata.token_endpoint_auth_methods_supported.includes(method));
  for (const mode of ['query', 'form_post']) assert.ok(metadata.response_modes_supported.includes(mode));
});

for (const kind of Object.keys(CLIENTS)) {
  test(`code flow, client authentication ${kind}`, async () => {
    const { config, tokens, left } = await signOn(kind);
    assert.equal(left.searchParams.get('iss'), state.url);
    assert.equal(tokens.token_type, 'bearer');
    assert.ok(tokens.expires_in > 0);
    assert.ok(tokens.refresh_token);
    const claims = tokens.claims();
    assert.equal(claims.iss, state.url);
    assert.deepEqual([claims.aud].flat(), [CLIENTS[kind].id]);
    assert.ok(Math.abs(claims.iat - Date.now() / 1000) < 30);
    const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
    assert.equal(info.email, state.maya.email);
    assert.equal(info.name, state.maya.display_name);
    assert.equal(info.preferred_username, 'maya');
    assert.deepEqual([...info.groups].sort(), state.maya.groups);
    if (kind === 'basic') assert.equal(info.department, state.maya.department);
  });
}

test('the subject of a person is the same at every sign-on', async () => {
  const browser = new Browser();
  const first = await signOn('basic', { browser });
  const second = await signOn('basic', { browser });
  assert.equal(browser.passwordsTyped, 1);
  assert.equal(second.tokens.claims().sub, first.tokens.claims().sub);
});

test('the answer by form_post', async () => {
  const config = await discover('basic');
  const { url, checks } = await request(config, 'basic', { response_mode: 'form_post' });
  const { posted, fields } = await new Browser().get(url);
  assert.equal(posted?.href, CLIENTS.basic.redirect);
  assert.equal(fields.get('iss'), state.url);
  const callback = new Request(posted, { method: 'POST', body: fields });
  const tokens = await client.authorizationCodeGrant(config, callback, checks);
  assert.equal(tokens.claims().nonce, checks.expectedNonce);
});

test('max_age brings auth_time and asks for the password again when it has passed', async () => {
  const browser = new Browser();
  const config = await discover('basic');
  await signOn('basic', { browser, config });
  const { url, checks } = await request(config, 'basic', { max_age: '0' });
  const { left } = await browser.get(url);
  assert.equal(browser.passwordsTyped, 2);
  const tokens = await client.authorizationCodeGrant(config, left, { ...checks, maxAge: 0 });
  assert.equal(typeof tokens.claims().auth_time, 'number');
});

test('prompt=none without a session is answered with login_required', async () => {
  for (const mode of ['query', 'form_post']) {
    const config = await discover('basic');
    const { url, checks } = await request(config, 'basic', { prompt: 'none', response_mode: mode });
    const outcome = await new Browser().get(url);
    const callback = mode === 'query' ? outcome.left : new Request(outcome.posted, { method: 'POST', body: outcome.fields });
    assert.deepEqual(await refusal(client.authorizationCodeGrant(config, callback, checks)), { code: 'login_required', status: undefined });
  }
});

test('prompt=none with a session needs no page', async () => {
  const { browser, config } = await signOn('basic');
  await signOn('basic', { browser, config, more: { prompt: 'none' } });
  assert.equal(browser.passwordsTyped, 1);
});

test('a refresh token is changed at each use, and an old one ends the family', async () => {
  for (const kind of Object.keys(CLIENTS)) {
    const { config, tokens: first } = await signOn(kind);
    const second = await client.refreshTokenGrant(config, first.refresh_token);
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.notEqual(second.access_token, first.access_token);
    if (second.id_token) {
      for (const name of ['iss', 'sub', 'auth_time']) assert.equal(second.claims()[name], first.claims()[name]);
    }
    const third = await client.refreshTokenGrant(config, second.refresh_token);
    assert.ok(await mayUse(config, third));
    assert.equal((await refusal(client.refreshTokenGrant(config, first.refresh_token))).code, 'invalid_grant');
    assert.equal((await refusal(client.refreshTokenGrant(config, third.refresh_token))).code, 'invalid_grant');
    assert.ok(!(await mayUse(config, third)), `${kind}: an access token of the family still works`);
  }
});

test('a refresh token used again at once withdraws its successor', async () => {
  const { config, tokens: first } = await signOn('basic');
  const second = await client.refreshTokenGrant(config, first.refresh_token);
  assert.ok(await mayUse(config, second));
  assert.equal((await refusal(client.refreshTokenGrant(config, first.refresh_token))).code, 'invalid_grant');
  assert.equal((await refusal(client.refreshTokenGrant(config, second.refresh_token))).code, 'invalid_grant');
  assert.ok(!(await mayUse(config, second)));
});

test("another client's refresh token is refused", async () => {
  const { tokens } = await signOn('basic');
  const other = await discover('post');
  assert.equal((await refusal(client.refreshTokenGrant(other, tokens.refresh_token))).code, 'invalid_grant');
});

test('a code works once; using it again withdraws what it gave', async () => {
  const { config, tokens, left, checks } = await signOn('basic');
  assert.ok(await mayUse(config, tokens));
  assert.deepEqual(await refusal(client.authorizationCodeGrant(config, left, checks)), { code: 'invalid_grant', status: 400 });
  assert.ok(!(await mayUse(config, tokens)));
  assert.equal((await refusal(client.refreshTokenGrant(config, tokens.refresh_token))).code, 'invalid_grant');
});

test('a code is bound to its verifier, its client and its redirect address', async () => {
  for (const change of ['verifier', 'client', 'redirect']) {
    const config = await discover('basic');
    const { url, checks } = await request(config, 'basic');
    const { left } = await new Browser().get(url);
    if (change === 'verifier') checks.pkceCodeVerifier = client.randomPKCECodeVerifier();
    const asking = change === 'client' ? await discover('post') : config;
    // The library takes redirect_uri from the address the answer came to.
    const callback = new URL(left);
    if (change === 'redirect') callback.pathname += '/other';
    assert.equal((await refusal(client.authorizationCodeGrant(asking, callback, checks))).code, 'invalid_grant', change);
  }
});

test('a wrong secret, or none, is invalid_client', async () => {
  for (const [kind, auth] of [
    ['basic', client.ClientSecretBasic('wrong')], ['post', client.ClientSecretPost('wrong')],
    ['basic', client.None()], ['post', client.None()],
  ]) {
    const config = await discover(kind, auth);
    const { url, checks } = await request(config, kind);
    const { left } = await new Browser().get(url);
    const error = await client.authorizationCodeGrant(config, left, checks).then(() => assert.fail('taken'), (error) => error);
    // The library reports a 401 with a challenge by its own error, which has no body.
    const status = error.status ?? error.response?.status ?? error.cause?.status;
    assert.equal(status, 401, String(error));
    if (error.error) assert.equal(error.error, 'invalid_client');
  }
});

test('introspection and revocation', async () => {
  const { config, tokens } = await signOn('basic');
  const before = await client.tokenIntrospection(config, tokens.access_token);
  assert.equal(before.active, true);
  assert.equal(before.client_id, CLIENTS.basic.id);
  assert.equal(before.sub, tokens.claims().sub);
  assert.equal((await client.tokenIntrospection(config, 'nonsense')).active, false);
  // RFC 7662 §2.2: a token that isn't the caller's to ask about is just not active.
  assert.equal((await client.tokenIntrospection(await discover('post'), tokens.access_token)).active, false);
  await client.tokenRevocation(config, tokens.access_token);
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false);
  assert.ok(!(await mayUse(config, tokens)));
});

test('revoking a refresh token ends its family; an unknown token is no error', async () => {
  const { config, tokens } = await signOn('post');
  await client.tokenRevocation(config, tokens.refresh_token);
  assert.equal((await refusal(client.refreshTokenGrant(config, tokens.refresh_token))).code, 'invalid_grant');
  assert.ok(!(await mayUse(config, tokens)));
  await client.tokenRevocation(config, 'nonsense');
});

test('without PKCE: refused for a public client, taken from one that keeps a secret', async () => {
  for (const kind of ['public', 'post', 'basic']) {
    const config = await discover(kind);
    const { url, checks } = await request(config, kind);
    url.searchParams.delete('code_challenge');
    url.searchParams.delete('code_challenge_method');
    delete checks.pkceCodeVerifier;
    const { left } = await new Browser().get(url);
    assert.ok(left, kind);
    const granted = client.authorizationCodeGrant(config, left, checks);
    if (kind === 'basic') assert.ok((await granted).access_token);
    else assert.equal((await refusal(granted)).code, 'invalid_request');
  }
});

test('the plain challenge method is refused', async () => {
  const config = await discover('basic');
  const { url, checks } = await request(config, 'basic', { code_challenge_method: 'plain' });
  const { left } = await new Browser().get(url);
  assert.equal((await refusal(client.authorizationCodeGrant(config, left, checks))).code, 'invalid_request');
});

test('an unlisted redirect address and an unknown client get a page, never a redirect', async () => {
  const config = await discover('basic');
  const good = CLIENTS.basic.redirect;
  for (const [name, value] of [
    ['redirect_uri', `${good}/`], ['redirect_uri', `${good}?x=1`], ['redirect_uri', good.replace('127.0.0.1', 'localhost')],
    ['redirect_uri', 'https://attacker.example/callback'], ['redirect_uri', CLIENTS.post.redirect], ['redirect_uri', ''], ['client_id', 'nobody'],
  ]) {
    const { url } = await request(config, 'basic');
    url.searchParams.set(name, value);
    const shown = await new Browser(null).get(url);
    assert.ok([400, 403, 404].includes(shown.status), `${name}=${value}: ${JSON.stringify(shown)}`);
    assert.ok(shown.reference, `${name}=${value}: no reference`);
  }
});

test('a person without the app is turned away', async () => {
  const config = await discover('basic');
  const { url, checks } = await request(config, 'basic');
  const outcome = await new Browser('omar').get(url);
  if (outcome.left) assert.equal((await refusal(client.authorizationCodeGrant(config, outcome.left, checks))).code, 'access_denied');
  else {
    assert.equal(outcome.status, 403);
    assert.ok(outcome.reference);
  }
});

test('the portal tile goes to initiate_login_uri with iss and login_hint', async () => {
  const { left } = await new Browser().get('/launch/oidc-basic');
  assert.equal(left.origin + left.pathname, `${state.sp_base}/oidc-basic/login`);
  assert.equal(left.searchParams.get('iss'), state.url);
  assert.ok(left.searchParams.get('login_hint'));
});

test('the peer refuses an ID token that was changed, a wrong state, nonce and iss', async () => {
  for (const change of ['id_token', 'state', 'nonce', 'iss', 'no iss']) {
    const config = await discover('basic');
    const { url, checks } = await request(config, 'basic');
    const { left } = await new Browser().get(url);
    if (change === 'state') checks.expectedState = 'other';
    if (change === 'nonce') checks.expectedNonce = 'other';
    if (change === 'iss') left.searchParams.set('iss', `${state.url}/`);
    if (change === 'no iss') left.searchParams.delete('iss');
    if (change === 'id_token') config[client.customFetch] = swapSubject;
    await assert.rejects(client.authorizationCodeGrant(config, left, checks), (error) => error instanceof client.ClientError && !(error instanceof client.ResponseBodyError), change);
  }
});

/** Passes the token response on with another subject in the signed ID token. */
async function swapSubject(...parameters) {
  const answer = await fetch(...parameters);
  if (!String(parameters[0]).endsWith('/token')) return answer;
  const body = await answer.json();
  const [header, payload, signature] = body.id_token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  claims.sub = 'someone-else';
  body.id_token = [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
  return new Response(JSON.stringify(body), { status: answer.status, headers: { 'content-type': 'application/json' } });
}
