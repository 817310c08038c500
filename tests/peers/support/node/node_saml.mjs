// node-saml as the SP. Owns its settings and calls; does not own what is expected.
import { SAML, ValidateInResponseTo } from '@node-saml/node-saml';

export default function build(settings) {
  const options = {
    issuer: settings.entity_id,
    callbackUrl: settings.acs,
    logoutCallbackUrl: settings.slo,
    entryPoint: settings.sso_url ?? 'https://idp.invalid/',
    logoutUrl: settings.slo_url ?? 'https://idp.invalid/',
    idpIssuer: settings.idp,
    idpCert: settings.idp_certificates ?? settings.certificate,
    privateKey: settings.key,
    publicCert: settings.certificate,
    decryptionPvk: settings.key,
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
    identifierFormat: settings.name_id_format,
    audience: settings.entity_id,
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: true,
    acceptedClockSkewMs: 0,
  };
  // One cache for both: the portal may start, and what answers a request must answer one of ours.
  const saml = new SAML({ ...options, validateInResponseTo: ValidateInResponseTo.ifPresent });
  // Bindings §3.5.4: what is posted is not compressed, which this library does unless it is told.
  const posting = new SAML({ ...options, authnRequestBinding: 'HTTP-POST', skipRequestCompression: true, validateInResponseTo: ValidateInResponseTo.ifPresent, cacheProvider: saml.cacheProvider });
  const query = (url) => new URL(url).search.slice(1);
  return {
    metadata: () => saml.generateServiceProviderMetadata(settings.certificate, settings.certificate),
    start: async (binding, relayState) => (binding === 'redirect'
      ? { url: await saml.getAuthorizeUrlAsync(relayState, undefined, {}) }
      : { html: await posting.getAuthorizeFormAsync(relayState, undefined, {}) }),
    accept: async (fields) => {
      const { profile } = await saml.validatePostResponseAsync(fields);
      // The profile holds a function; what it tells is plain data.
      return { name_id: profile.nameID, format: profile.nameIDFormat, session_index: profile.sessionIndex,
        in_response_to: profile.inResponseTo ?? null, attributes: profile.attributes, raw: JSON.parse(JSON.stringify(profile)) };
    },
    logout: async (person, relayState) => ({ url: await saml.getLogoutUrlAsync(person.raw, relayState, {}) }),
    loggedOut: async (going) => {
      const answer = going.url
        ? await saml.validateRedirectAsync(Object.fromEntries(new URL(going.url).searchParams), query(going.url))
        : await saml.validatePostResponseAsync(going.fields);
      return answer.loggedOut;
    },
    asked: async (going) => {
      const { profile } = going.url
        ? await saml.validateRedirectAsync(Object.fromEntries(new URL(going.url).searchParams), query(going.url))
        : await saml.validatePostRequestAsync(going.fields);
      const relayState = going.url ? new URL(going.url).searchParams.get('RelayState') : going.fields.RelayState;
      return { name_id: profile.nameID, session_index: profile.sessionIndex,
        url: await saml.getLogoutResponseUrlAsync(profile, relayState, {}, true) };
    },
  };
}
