// oauth4webapi as the RP, which refuses every answer that is not to the letter. Owns sign-on, refresh, and logout with its token.
// Does not own what openid-client covers above it.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { Browser, state } from './support/browser.mjs';

const CLIENT = { client_id: 'peer-back' };
const AUTH = oauth.ClientSecretBasic(state.back_secret);
const REDIRECT = `${state.sp_base}/oidc-back/callback`;
const HTTP = { [oauth.allowInsecureRequests]: true };

async function discover() {
  const issuer = new URL(state.url);
  const answer = await oauth.discoveryRequest(issuer, HTTP);
  return oauth.processDiscoveryResponse(issuer, answer);
}

/** One sign-on, every check made. */
async function signOn(as, browser) {
  const verifier = oauth.generateRandomCodeVerifier();
  const [sent, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const url = new URL(as.authorization_endpoint);
  for (const [name, value] of Object.entries({
    client_id: CLIENT.client_id,
    redirect_uri: REDIRECT,
    response_type: 'code',
    scope: 'openid email offline_access',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: sent,
    nonce,
  })) url.searchParams.set(name, value);
  const { left } = await browser.get(url);
  assert.ok(left, 'the browser was not sent to the app');
  const parameters = oauth.validateAuthResponse(as, CLIENT, left, sent);
  const answer = await oauth.authorizationCodeGrantRequest(as, CLIENT, AUTH, parameters, REDIRECT, verifier, HTTP);
  const result = await oauth.processAuthorizationCodeResponse(as, CLIENT, answer, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  await oauth.validateApplicationLevelSignature(as, answer, HTTP);
  return { result, claims: oauth.getValidatedIdTokenClaims(result) };
}

test('oauth4webapi signs on and refreshes', async () => {
  const as = await discover();
  const { result, claims } = await signOn(as, new Browser());
  assert.equal(claims.iss, state.url);
  const info = await oauth.userInfoRequest(as, CLIENT, result.access_token, HTTP);
  assert.equal((await oauth.processUserInfoResponse(as, CLIENT, claims.sub, info)).email, state.maya.email);
  const answer = await oauth.refreshTokenGrantRequest(as, CLIENT, AUTH, result.refresh_token, HTTP);
  const renewed = await oauth.processRefreshTokenResponse(as, CLIENT, answer);
  await oauth.validateApplicationLevelSignature(as, answer, HTTP);
  assert.notEqual(renewed.refresh_token, result.refresh_token);
  const said = await oauth.introspectionRequest(as, CLIENT, AUTH, renewed.access_token, HTTP);
  assert.equal((await oauth.processIntrospectionResponse(as, CLIENT, said)).active, true);
  const revoked = await oauth.revocationRequest(as, CLIENT, AUTH, renewed.refresh_token, HTTP);
  await oauth.processRevocationResponse(revoked);
});

/** The server of this client: takes one logout token. */
async function receiver() {
  const { port } = new URL(state.back_channel);
  let got;
  const token = new Promise((resolve) => { got = resolve; });
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => { body += chunk; });
    request.on('end', () => {
      response.writeHead(200, { 'cache-control': 'no-store' }).end();
      got({ type: request.headers['content-type'], fields: new URLSearchParams(body) });
    });
  });
  await new Promise((resolve) => { server.listen(Number(port), '127.0.0.1', resolve); });
  return { token, close: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }) };
}

test('a logout token reaches the client and is as the specification says', async () => {
  const as = await discover();
  assert.equal(as.backchannel_logout_supported, true);
  const browser = new Browser();
  const { result, claims } = await signOn(as, browser);
  const server = await receiver();
  try {
    const url = new URL(as.end_session_endpoint);
    url.searchParams.set('id_token_hint', result.id_token);
    url.searchParams.set('post_logout_redirect_uri', `${state.sp_base}/oidc-back/bye`);
    url.searchParams.set('state', 'bye');
    const { left } = await browser.get(url);
    assert.equal(left?.href, `${state.sp_base}/oidc-back/bye?state=bye`);
    const { type, fields } = await server.token;
    assert.match(type, /^application\/x-www-form-urlencoded/);
    assert.deepEqual([...fields.keys()], ['logout_token']);
    // The library's own strict check of a JWT from this issuer, by the published keys.
    const request = new Request(state.sp_base, { headers: { authorization: `Bearer ${fields.get('logout_token')}` } });
    await assert.rejects(oauth.validateJwtAccessToken(as, request, CLIENT.client_id, HTTP), 'it is no access token');
    const [header, payload, signature] = fields.get('logout_token').split('.').map((part) => Buffer.from(part, 'base64url'));
    const { alg, kid, typ } = JSON.parse(header);
    assert.equal(typ, 'logout+jwt');
    const { keys } = await (await fetch(as.jwks_uri)).json();
    const jwk = keys.find((key) => key.kid === kid && key.alg === alg);
    const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('jwk', jwk, rsa, false, ['verify']);
    const signed = new TextEncoder().encode(fields.get('logout_token').split('.').slice(0, 2).join('.'));
    assert.ok(await crypto.subtle.verify(rsa, key, signature, signed));
    const told = JSON.parse(payload);
    assert.deepEqual([told.iss, told.aud, told.sub, told.sid], [state.url, CLIENT.client_id, claims.sub, claims.sid]);
    assert.deepEqual(told.events, { 'http://schemas.openid.net/event/backchannel-logout': {} });
    assert.ok(told.exp - told.iat <= 120 && !('nonce' in told) && told.jti);
  } finally {
    await server.close();
  }
});
