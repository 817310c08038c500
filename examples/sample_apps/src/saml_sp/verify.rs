//! Whether a response of the right shape is true: samael's checks, and those that samael leaves to the app. Owns no
//! state; replay and pending requests are the caller's.

use super::gate::{Refusal, ShapedResponse};
use chrono::{DateTime, TimeDelta, Utc};
use samael::{
    crypto::{AllowedSignatureAlgorithm, ReduceMode},
    metadata::EntityDescriptor,
    schema::Assertion,
    service_provider::ServiceProvider,
};

/// How far the clocks of the two sides may differ.
const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(60);
/// How old a response may be when it arrives.
const MAX_AGE: TimeDelta = TimeDelta::minutes(5);

/// What the identity provider may sign XML with.
pub(crate) const ALGORITHMS: [AllowedSignatureAlgorithm; 4] = [
    AllowedSignatureAlgorithm::RsaSha256,
    AllowedSignatureAlgorithm::RsaSha384,
    AllowedSignatureAlgorithm::RsaSha512,
    AllowedSignatureAlgorithm::EcdsaSha256,
];

/// What this app is called and who it trusts.
pub(crate) struct Parties<'a> {
    pub(crate) entity_id: &'a str,
    pub(crate) acs_url: &'a str,
    pub(crate) idp: &'a EntityDescriptor,
}

/// A proven assertion and how long its id must be remembered.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(crate) assertion: Assertion,
    /// After this instant no check would accept the assertion again.
    pub(crate) replay_until: DateTime<Utc>,
}

/// Verifies signature, issuer, audience, addresses, times and the request it answers.
///
/// samael compares the issuer, Conditions, the bearer confirmation (Recipient, time, `InResponseTo`) and the status.
/// It does not insist that Conditions and an audience exist, does not look at `InResponseTo` at all when unsolicited
/// responses are allowed, and accepts an `IssueInstant` of tomorrow: those checks are added here.
///
/// # Errors
/// The first check that fails.
pub(crate) fn verify(
    shaped: &ShapedResponse,
    parties: &Parties<'_>,
    now: DateTime<Utc>,
) -> Result<Verified, Refusal> {
    let unsolicited = shaped.in_response_to.is_none();
    let provider = ServiceProvider {
        entity_id: Some(parties.entity_id.to_owned()),
        acs_url: Some(parties.acs_url.to_owned()),
        idp_metadata: parties.idp.clone(),
        allow_idp_initiated: unsolicited,
        max_clock_skew: CLOCK_SKEW,
        max_issue_delay: MAX_AGE,
        allowed_signature_algorithms: Some(ALGORITHMS.to_vec()),
        ..ServiceProvider::default()
    };
    // Without a certificate samael would skip the signature altogether.
    match provider.idp_signing_certs() {
        Ok(Some(_)) => {}
        _ => {
            return Err(Refusal::Invalid(
                "the identity provider's metadata has no signing certificate".into(),
            ));
        }
    }
    let ids: Vec<&str> = shaped.in_response_to.as_deref().into_iter().collect();
    // PreDigest: what is parsed is what was hashed, not a document in which signed parts were marked.
    let assertion = provider
        .parse_xml_response_with_mode(&shaped.xml, Some(&ids), ReduceMode::PreDigest)
        .map_err(|error| Refusal::Invalid(error.to_string()))?;
    let replay_until =
        beyond_samael(&assertion, shaped, parties, now).map_err(|why| Refusal::Invalid(why.into()))?;
    Ok(Verified { assertion, replay_until })
}

fn beyond_samael(
    assertion: &Assertion,
    shaped: &ShapedResponse,
    parties: &Parties<'_>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, &'static str> {
    if assertion.id != shaped.assertion_id {
        return Err("the verified assertion is not the one that was read");
    }
    if assertion.version != "2.0" {
        return Err("the assertion's version is not 2.0");
    }
    if assertion.issue_instant > now + CLOCK_SKEW {
        return Err("the assertion was issued in the future");
    }
    // SAML Profiles §4.1.4.2: an audience restriction with this app in it. §2.5.1.4 of Core: every restriction counts.
    let conditions = assertion.conditions.as_ref().ok_or("the assertion has no Conditions")?;
    let audiences = conditions.audience_restrictions.as_deref().unwrap_or_default();
    if audiences.is_empty()
        || !audiences.iter().all(|one| one.audience.iter().any(|name| name == parties.entity_id))
    {
        return Err("the assertion is not meant for this app");
    }
    let subject = assertion.subject.as_ref().ok_or("the assertion has no Subject")?;
    if subject.name_id.as_ref().is_none_or(|name_id| name_id.value.trim().is_empty()) {
        return Err("the assertion names nobody");
    }
    let confirmations = || {
        let all = subject.subject_confirmations.iter().flatten();
        all.filter_map(|confirmation| confirmation.subject_confirmation_data.as_ref())
    };
    // SAML Profiles §4.1.5: an unsolicited response answers no request, in no place.
    if shaped.in_response_to.is_none() && confirmations().any(|one| one.in_response_to.is_some()) {
        return Err("the assertion answers a request, the response does not");
    }
    // SAML Profiles §4.1.4.2: a statement about the authentication, for a session that has not ended.
    let statements = assertion.authn_statements.as_deref().unwrap_or_default();
    if statements.is_empty() {
        return Err("the assertion does not say how the person signed in");
    }
    if statements.iter().filter_map(|one| one.session_not_on_or_after).any(|end| end <= now) {
        return Err("the person's session has ended");
    }
    let last = confirmations().filter_map(|one| one.not_on_or_after).max().unwrap_or(now + MAX_AGE);
    Ok(last + CLOCK_SKEW + CLOCK_SKEW)
}
