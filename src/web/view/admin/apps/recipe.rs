//! What the catalogue knows about an app: what is asked for, what the app takes, how it is set up there.
//!
//! Does not fill anything in; the handler passes finished texts.

/// One of our values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GiveKind {
    /// The metadata as a file.
    MetadataFile,
    /// The address of the metadata.
    MetadataUrl,
    /// SSO URL.
    SignInUrl,
    /// Entity ID of the identity provider.
    Issuer,
    /// Where logout messages come.
    LogoutUrl,
    /// The signing certificate.
    Certificate,
    /// The portal.
    PortalUrl,
    /// The address of the discovery document.
    DiscoveryUrl,
    /// The client's name.
    ClientId,
    /// The client's secret.
    ClientSecret,
}

/// A value that the app takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Give {
    /// Which.
    pub kind: GiveKind,
    /// What the app's form calls it.
    pub label: String,
    /// Whether the app works without it.
    pub optional: bool,
}

/// Something that the catalogue asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterField {
    /// Name of the form field: `parameters.` and the key.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// Where to find it.
    pub hint: String,
    /// What was typed or is stored.
    pub value: String,
    /// Whether it must be there.
    pub required: bool,
}

/// What the catalogue says about an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The application, as its maker calls it.
    pub name: String,
    /// Its settings page, by its menus.
    pub settings: String,
    /// What to do there.
    pub steps: Vec<String>,
    /// What is good to know.
    pub notes: Vec<String>,
    /// The maker's documentation: what it is about, and its address.
    pub links: Vec<(String, String)>,
    /// What the app takes from us.
    pub gives: Vec<Give>,
    /// What is asked for.
    pub parameters: Vec<ParameterField>,
}

impl Recipe {
    /// What the app's form calls one of our values, if it does not say the same as we.
    pub(super) fn label(&self, kind: GiveKind) -> Option<&str> {
        self.gives.iter().find(|give| give.kind == kind).map(|give| give.label.as_str())
    }

    /// Whether this value is among what the app takes.
    pub(super) fn takes(&self, kind: GiveKind) -> bool {
        self.gives.iter().any(|give| give.kind == kind)
    }
}
