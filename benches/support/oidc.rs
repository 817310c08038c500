//! Codes, tokens and what is asked with them, for people who are signed in.

use super::{
    browser::signed_in,
    gateway::{Gateway, Place},
    http::Client,
    load::{Work, compare, crowd},
    organisation::{CLIENT_SECRET, ES256, REDIRECT_URI, RS256, SERVICE},
    raw::{Raw, sync_rate},
    table::{Row, Table},
};
use serde_json::Value;
use std::time::Duration;

const CLIENTS: usize = 16;
const MANY_CLIENTS: usize = 64;
/// Each operation is measured with as many clients as each of these.
const CROWDS: [usize; 3] = [1, CLIENTS, MANY_CLIENTS];
/// Durable grants a second that are wanted at [`MANY_CLIENTS`].
const GRANTS_GOAL: f64 = 2000.0;
/// How long the disk is measured, each time.
const SYNC_TIME: Duration = Duration::from_secs(1);
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// See [`VERIFIER`].
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A browser and the app it uses, with the tokens that the app was given last.
struct Session {
    client: Client,
    refresh_token: String,
    access_token: String,
}

pub fn run(gateway: &Gateway, place: &Place, raw: &Raw, table: &mut Table) {
    let mut sessions: Vec<Session> = signed_in(gateway, MANY_CLIENTS)
        .into_iter()
        .map(|client| Session { client, refresh_token: String::new(), access_token: String::new() })
        .collect();
    let work = |what, goal| Work { what, goal, rsa_signatures: 1.0 };

    for (what, client_id, goal) in
        [("authorize + code, RS256", RS256, "≤ 1.5"), ("authorize + code, ES256", ES256, "≤ 0.5")]
    {
        for clients in CROWDS {
            compare((gateway, raw, table), &work(what, goal), &mut sessions[..clients], |session| {
                session.sign_on(client_id);
            });
        }
    }
    grants(gateway, place, (raw, table), &mut sessions);
    for clients in CROWDS {
        let work = work("client credentials", "≤ 0.2");
        compare((gateway, raw, table), &work, &mut sessions[..clients], Session::act_for_itself);
    }
    for clients in CROWDS {
        reads(gateway, (raw, table), &mut sessions[..clients]);
    }
}

/// The refresh grant, each client with its own chain of tokens; and the disk beside it.
fn grants(gateway: &Gateway, place: &Place, (raw, table): (&Raw, &mut Table), sessions: &mut [Session]) {
    let work = |what, goal| Work { what, goal, rsa_signatures: 1.0 };
    for session in sessions.iter_mut() {
        session.sign_on(RS256);
    }
    compare((gateway, raw, table), &work("refresh, RS256", "≤ 1.4"), &mut sessions[..CLIENTS], |session| {
        session.refresh(RS256);
    });
    for session in sessions.iter_mut() {
        session.sign_on(ES256);
    }
    let before = sync_rate(place.folder(), SYNC_TIME);
    for clients in CROWDS {
        let sessions = &mut sessions[..clients];
        let figure =
            compare((gateway, raw, table), &work("refresh, ES256", "≤ 0.35"), sessions, |session| {
                session.refresh(ES256);
            });
        let syncs = f64::midpoint(before, sync_rate(place.folder(), SYNC_TIME));
        table.row(Row {
            ratio: Some(figure.rate / GRANTS_GOAL),
            goal: if clients == MANY_CLIENTS { "≥ 1" } else { "" },
            what: format!("refresh, ES256, {}: durable grants", crowd(clients)),
            cpu_ms: None,
            rate: Some(figure.rate),
            beside: format!(
                "÷ {GRANTS_GOAL} /s; the disk makes {syncs:.0} appends of 4 KiB durable a second: {:.2} grants for each",
                figure.rate / syncs
            ),
        });
    }
}

/// What changes nothing.
fn reads(gateway: &Gateway, (raw, table): (&Raw, &mut Table), sessions: &mut [Session]) {
    let work = |what, goal| Work { what, goal, rsa_signatures: 1.0 };
    compare((gateway, raw, table), &work("userinfo", "≤ 0.12"), sessions, |session| {
        let bearer = format!("Bearer {}", session.access_token);
        let answer = session.client.get("/oauth2/userinfo", &[("authorization", &bearer)]);
        assert!(answer.status == 200 && answer.body.contains("\"sub\""), "{} {}", answer.status, answer.body);
    });
    compare((gateway, raw, table), &work("introspection", "≤ 0.12"), sessions, |session| {
        let token = session.access_token.as_str();
        let fields = [("token", token), ("client_id", ES256), ("client_secret", CLIENT_SECRET)];
        let answer = session.client.post("/oauth2/introspect", &fields);
        assert!(answer.body.contains("\"active\":true"), "{} {}", answer.status, answer.body);
    });
    for (what, target, part) in [
        ("discovery", "/.well-known/openid-configuration", "\"issuer\""),
        ("JWKS", "/oauth2/jwks", "\"keys\""),
    ] {
        compare((gateway, raw, table), &work(what, "≤ 0.06"), sessions, |session| {
            let answer = session.client.get(target, &[]);
            assert!(answer.status == 200 && answer.body.contains(part), "{} {}", answer.status, answer.body);
        });
    }
}

impl Session {
    /// Authorization request and code exchange.
    fn sign_on(&mut self, client_id: &str) {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("client_id", client_id),
                ("redirect_uri", REDIRECT_URI),
                ("response_type", "code"),
                ("scope", "openid profile email"),
                ("state", "s1"),
                ("nonce", "n1"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        let target = format!("/oauth2/authorize?{query}");
        let answer = self.client.get(&target, &[("sec-fetch-site", "cross-site")]);
        let query = answer.location.strip_prefix(REDIRECT_URI).and_then(|rest| rest.strip_prefix('?'));
        let code = query.and_then(|query| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(name, _)| name == "code")
                .map(|(_, value)| value.into_owned())
        });
        assert!(code.is_some(), "no code: {} {} {}", answer.status, answer.location, answer.body);
        self.exchange(&[
            ("grant_type", "authorization_code"),
            ("code", &code.unwrap_or_default()),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
            ("client_id", client_id),
            ("client_secret", CLIENT_SECRET),
        ]);
    }

    /// The refresh grant; the old token is worthless afterwards.
    fn refresh(&mut self, client_id: &str) {
        let token = std::mem::take(&mut self.refresh_token);
        self.exchange(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", &token),
            ("client_id", client_id),
            ("client_secret", CLIENT_SECRET),
        ]);
    }

    /// The client credentials grant: nobody signed in.
    fn act_for_itself(&mut self) {
        let fields = [
            ("grant_type", "client_credentials"),
            ("scope", "read"),
            ("client_id", SERVICE),
            ("client_secret", CLIENT_SECRET),
        ];
        let answer = self.client.post("/oauth2/token", &fields);
        assert!(answer.body.contains("\"access_token\""), "{} {}", answer.status, answer.body);
    }

    fn exchange(&mut self, fields: &[(&str, &str)]) {
        let answer = self.client.post("/oauth2/token", fields);
        let tokens: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let token = |name: &str| {
            let token = tokens[name].as_str().unwrap_or_default();
            assert!(!token.is_empty(), "no {name}: {} {}", answer.status, answer.body);
            token.to_owned()
        };
        assert_eq!(token("id_token").split('.').count(), 3, "a signed ID token");
        (self.refresh_token, self.access_token) = (token("refresh_token"), token("access_token"));
    }
}
