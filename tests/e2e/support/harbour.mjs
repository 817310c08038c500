// Owns the organisation of the OIDC journeys: who there is and which clients. Does not own what a journey changes in it.

export const PASSWORD = 'lantern orchard velvet nine';
export const OLIVE = { username: 'olive', password: PASSWORD };
export const MIRA = { username: 'mira', password: PASSWORD };

const secretOf = (slug) => `${slug}-secret-for-the-journeys-0001`;

/** A client of the organisation file, all of the same redirect address. */
const client = (slug, label, redirectUri, oidc = {}) => ({
  slug, label, connector: 'custom-oidc', active: true, show_in_portal: true, groups: ['Crew'],
  oidc: { client_id: slug, client_secret: secretOf(slug), client_auth: 'client_secret_post', redirect_uris: [redirectUri], ...oidc },
});

/** What `gatehouse apply` reads. */
export function harbour(redirectUri) {
  const device = { grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'] };
  const person = (username, first_name, last_name, role) => ({
    username, email: `${username}@harbour.example`, first_name, last_name, display_name: `${first_name} ${last_name}`, role, state: 'active', password: PASSWORD,
  });
  return {
    users: [person('olive', 'Olive', 'Reed', 'owner'), person('mira', 'Mira', 'Castellanos', 'none')],
    groups: [{ name: 'Crew', members: ['olive', 'mira'] }],
    apps: [
      client('tidebook', 'Tidebook', redirectUri, { first_party: false, claims: [{ name: 'costTeam', constant: 'blue' }] }),
      client('berths', 'Berths', redirectUri, { post_logout_redirect_uris: [new URL('/bye', redirectUri).href] }),
      client('signal-lamp', 'Signal lamp', redirectUri, device),
      // Their secrets are changed; each by one journey.
      client('beacon', 'Beacon', redirectUri, device),
      client('foghorn', 'Foghorn', redirectUri, device),
      {
        slug: 'cargo', label: 'Cargo', connector: 'custom-saml', active: true, show_in_portal: true, groups: ['Crew'],
        saml: { sp_entity_id: 'https://cargo.example/sp', acs_urls: [{ url: 'https://cargo.example/acs', index: 0, default: true }] },
      },
    ],
  };
}

/** What a client of the organisation posts with its requests. */
export const credentials = (slug) => ({ client_id: slug, client_secret: secretOf(slug) });
