// samlify as the SP, with xmllint and the OASIS schemas as its validator. Owns its settings and calls; does not own what
// is expected.
import { spawn } from 'node:child_process';
import * as samlify from 'samlify';

const SCHEMA = '/usr/share/xml/opensaml/saml-schema-protocol-2.0.xsd';
const BINDING = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-';

samlify.setSchemaValidator({
  validate: (xml) => new Promise((resolve, reject) => {
    const lint = spawn('xmllint', ['--nonet', '--noout', '--schema', SCHEMA, '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
    let words = '';
    lint.stderr.on('data', (chunk) => { words += chunk; });
    lint.on('error', reject);
    // It gives whole messages and, after decryption, assertions alone; those the protocol's schema knows too.
    lint.on('close', (status) => (status === 0 ? resolve('valid') : reject(new Error(words))));
    lint.stdin.end(xml);
  }),
});

export default function build(settings) {
  const sp = samlify.ServiceProvider({
    entityID: settings.entity_id,
    authnRequestsSigned: true,
    wantAssertionsSigned: true,
    wantMessageSigned: true,
    wantLogoutRequestSigned: true,
    wantLogoutResponseSigned: true,
    messageSigningOrder: 'encrypt-then-sign',
    requestSignatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    // Its own default for an SP that wants responses signed looks for a Response in its requests.
    signatureConfig: { prefix: 'ds', location: { reference: "/*/*[local-name(.)='Issuer']", action: 'after' } },
    privateKey: settings.key,
    signingCert: settings.certificate,
    encPrivateKey: settings.key,
    encryptCert: settings.certificate,
    isAssertionEncrypted: true,
    nameIDFormat: [settings.name_id_format],
    assertionConsumerService: [{ Binding: `${BINDING}POST`, Location: settings.acs, isDefault: true }],
    singleLogoutService: [{ Binding: `${BINDING}Redirect`, Location: settings.slo }],
  });
  const idp = settings.idp_metadata && samlify.IdentityProvider({
    metadata: settings.idp_metadata,
    isAssertionEncrypted: true,
    messageSigningOrder: 'encrypt-then-sign',
    wantLogoutRequestSigned: true,
    wantLogoutResponseSigned: true,
    requestSignatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  });
  // The HTTP-Redirect binding as it asks for it: the parameters, and the octets that were signed.
  const request = (going) => {
    if (!going.url) return ['post', { body: going.fields }];
    const address = new URL(going.url);
    const octetString = address.search.slice(1).split('&').filter((pair) => !pair.startsWith('Signature=')).join('&');
    return ['redirect', { query: Object.fromEntries(address.searchParams), octetString }];
  };
  return {
    metadata: () => sp.getMetadata(),
    start: (binding, relayState) => {
      const made = sp.createLoginRequest(idp, binding, { relayState });
      if (binding === 'redirect') return { url: made.context, id: made.id };
      return { action: made.entityEndpoint, fields: { SAMLRequest: made.context, RelayState: relayState }, id: made.id };
    },
    accept: async (fields) => {
      const { extract } = await sp.parseLoginResponse(idp, 'post', { body: fields });
      return { name_id: extract.nameID, format: null, session_index: extract.sessionIndex?.sessionIndex,
        in_response_to: extract.response?.inResponseTo ?? null, audience: extract.audience, attributes: extract.attributes };
    },
    logout: (person, relayState) => {
      const made = sp.createLogoutRequest(idp, 'redirect', { logoutNameID: person.name_id, sessionIndex: person.session_index }, { relayState });
      return { url: made.context, id: made.id };
    },
    loggedOut: async (going) => {
      await sp.parseLogoutResponse(idp, ...request(going));
      return true;
    },
    asked: async (going) => {
      const info = await sp.parseLogoutRequest(idp, ...request(going));
      const relayState = going.url ? new URL(going.url).searchParams.get('RelayState') : going.fields.RelayState;
      const made = sp.createLogoutResponse(idp, info, 'redirect', { relayState: relayState ?? '' });
      return { name_id: info.extract.nameID, session_index: info.extract.sessionIndex, url: made.context };
    },
  };
}
