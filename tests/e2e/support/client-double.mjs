// Owns a tiny OIDC client on loopback: it makes authorization addresses, shows what comes back and exchanges codes.
// Does not verify tokens (tests/peers does).
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

export async function startClient() {
  const answers = [];
  const server = createServer((request, response) => {
    const at = new URL(request.url, 'http://client');
    if (at.pathname === '/callback') answers.push(Object.fromEntries(at.searchParams));
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end('<!doctype html><html lang="en"><title>Back at the client</title><link rel="icon" href="data:,"><main><h1>Back at the client</h1></main></html>');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const verifier = randomBytes(32).toString('base64url');
  return {
    answers,
    origin,
    redirectUri: `${origin}/callback`,
    verifier,
    /** The address at which a sign-on of the client `id` begins. */
    authorize(gateway, id, more = {}) {
      const query = new URLSearchParams({
        response_type: 'code', client_id: id, redirect_uri: `${origin}/callback`, scope: 'openid profile email', state: randomBytes(8).toString('hex'), nonce: 'n-1',
        code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256', ...more,
      });
      return `${gateway}/oauth2/authorize?${query}`;
    },
    stop: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    }),
  };
}

/** Posts a form as a client does, with what proves it in the body; gives status and JSON. */
export async function post(address, fields) {
  const answer = await fetch(address, { method: 'POST', body: new URLSearchParams(fields) });
  return { status: answer.status, body: await answer.json() };
}
