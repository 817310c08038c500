//! Where the tile of an app leads, which is known before anybody opens it. Does not own leading there (`service::sign_on::launch`).

use super::Connection;
use ::oidc::GrantType;

/// What opening a tile comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TileStart {
    /// The app opens, signed in.
    Signed,
    /// The app's sign-in page opens, which may ask how to sign in.
    SignInPage,
    /// The page opens at which the code of a device is entered.
    DeviceCode,
    /// Nothing: people begin at the app itself.
    AtTheApp,
    /// Nothing: nobody signs in to it.
    Nobody,
}

impl Connection {
    /// Where the tile leads.
    pub fn tile_start(&self) -> TileStart {
        match self {
            Self::Bookmark(_) => TileStart::Signed,
            Self::Saml(saml) if saml.allow_idp_initiated || !saml.start_url.is_empty() => TileStart::Signed,
            Self::Saml(_) => TileStart::AtTheApp,
            Self::Oidc(oidc) => {
                let signs_in = oidc.may_use(GrantType::AuthorizationCode);
                if signs_in && !oidc.initiate_login_uri.is_empty() {
                    TileStart::Signed
                } else if !oidc.sign_in_url.is_empty() {
                    TileStart::SignInPage
                } else if signs_in {
                    TileStart::AtTheApp
                } else if oidc.may_use(GrantType::DeviceCode) {
                    TileStart::DeviceCode
                } else {
                    TileStart::Nobody
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::connection::{OidcConnection, SamlConnection};

    #[test]
    fn a_tile_leads_where_the_settings_have_an_address() {
        let client = |grants: &[GrantType], start: &str, page: &str| {
            Connection::Oidc(Box::new(OidcConnection {
                grant_types: grants.to_vec(),
                initiate_login_uri: start.into(),
                sign_in_url: page.into(),
                ..OidcConnection::default()
            }))
            .tile_start()
        };
        let (code, device) = (&[GrantType::AuthorizationCode][..], &[GrantType::DeviceCode][..]);
        let (start, page) = ("https://a.example/start", "https://a.example/login");
        assert_eq!(client(code, start, page), TileStart::Signed);
        assert_eq!(client(code, "", page), TileStart::SignInPage);
        assert_eq!(client(code, "", ""), TileStart::AtTheApp);
        assert_eq!(client(device, start, ""), TileStart::DeviceCode, "no code, no sign-on to begin");
        assert_eq!(client(device, "", page), TileStart::SignInPage);
        assert_eq!(client(&[GrantType::ClientCredentials], "", ""), TileStart::Nobody);
        let saml = |allow_idp_initiated, start_url: &str| {
            let saml = SamlConnection {
                allow_idp_initiated,
                start_url: start_url.into(),
                ..SamlConnection::default()
            };
            Connection::Saml(Box::new(saml)).tile_start()
        };
        assert_eq!(saml(true, ""), TileStart::Signed);
        assert_eq!((saml(false, ""), saml(false, start)), (TileStart::AtTheApp, TileStart::Signed));
    }
}
