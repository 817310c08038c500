//! Two small web apps that trust an identity provider: *Ledgerly* (a SAML service provider) and *Trailhead*
//! (an OpenID Connect relying party). They show who signed in, and with what.
//!
//! They own nothing of the gateway and share no code with it: SAML is verified with samael, OpenID Connect with
//! openidconnect, so a mistake in the gateway's own protocol code cannot hide itself here.

mod clock;
mod http;
mod oidc_rp;
mod page;
mod random;
mod saml_sp;
mod store;

pub use oidc_rp::{OidcRpConfig, oidc_rp};
pub use saml_sp::{SamlSpConfig, SpKey, saml_sp};
