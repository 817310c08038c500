//! The cookies of this site: names, attributes, and reading them. Does not own what they stand for.
//! RFC 6265bis §4.1.3.2: `__Host-` binds a cookie to this host over https; plain http is for loopback only.

use axum::http::{HeaderMap, HeaderValue, header};

/// A cookie's plain name; over https it gets the `__Host-` prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieName {
    /// Names this browser: flows and forms are bound to it. Carries no authority.
    Browser,
    /// The session's secret.
    Session,
    /// Marks a browser that an account signed in with before (W-10).
    Device,
    /// The line that says what a form did.
    Flash,
    /// `light` or `dark`.
    Theme,
}

impl CookieName {
    fn plain(self) -> &'static str {
        match self {
            Self::Browser => "gatehouse_browser",
            Self::Session => "gatehouse_session",
            Self::Device => "gatehouse_device",
            Self::Flash => "gatehouse_flash",
            Self::Theme => "gatehouse_theme",
        }
    }

    fn on(self, https: bool) -> String {
        if https { format!("__Host-{}", self.plain()) } else { self.plain().to_owned() }
    }
}

/// The value of a cookie, if it was sent exactly once.
pub fn read(headers: &HeaderMap, name: CookieName, https: bool) -> Option<String> {
    let wanted = name.on(https);
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == wanted)
        .map(|(_, value)| value.to_owned());
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// A `Set-Cookie` value. `max_age` in seconds; `None` ends with the browser, `Some(0)` removes it.
pub fn set(name: CookieName, value: &str, max_age: Option<i64>, https: bool) -> Option<HeaderValue> {
    let age = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let secure = if https { "; Secure" } else { "" };
    let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}", name.on(https));
    HeaderValue::from_str(&text).ok()
}
