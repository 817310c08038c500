// Owns a tiny SAML service provider on loopback: it keeps what is posted to its ACS and, as real
// ones do, answers with a redirect to another origin. Does not verify anything (tests/peers does).
import { createServer } from 'node:http';

function listen(handler) {
  const server = createServer(handler);
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function page(response, title) {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(`<!doctype html><html lang="en"><title>${title}</title><link rel="icon" href="data:,"><main><h1>${title}</h1></main></html>`);
}

export async function startServiceProvider() {
  const posted = [];
  const landing = await listen((request, response) => page(response, 'Landed in the app'));
  const landingOrigin = `http://127.0.0.1:${landing.address().port}`;
  const acs = await listen((request, response) => {
    const chunks = [];
    let size = 0;
    request.on('data', (chunk) => {
      size += chunk.length;
      if (size > 1_000_000) request.destroy();
      else chunks.push(chunk);
    });
    request.on('end', () => {
      if (request.method !== 'POST') return page(response, 'Service provider');
      const fields = new URLSearchParams(Buffer.concat(chunks).toString());
      posted.push({ path: request.url, relayState: fields.get('RelayState'), xml: Buffer.from(fields.get('SAMLResponse') ?? '', 'base64').toString() });
      response.writeHead(303, { location: `${landingOrigin}/home` });
      response.end();
    });
  });
  const origin = `http://127.0.0.1:${acs.address().port}`;
  return {
    posted,
    landingOrigin,
    origin,
    entityId: `${origin}/sp`,
    acs: `${origin}/acs`,
    metadata: `<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${origin}/sp">
  <md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>
    <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${origin}/acs" index="0" isDefault="true"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
`,
    stop: () => Promise.all([acs, landing].map((server) => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    }))),
  };
}
