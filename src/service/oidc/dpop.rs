//! Proofs of possession at our endpoints, and the nonces they carry. Does not own their checks (`crates/oidc`).
//!
//! A nonce is asked for where a public client calls the token endpoint: nothing else binds its proof to this moment, and
//! proofs made ahead on a borrowed device would be good later. Elsewhere client authentication or the access token does.
//! A nonce that comes along must be one of ours in any case, and every answer to a proof brings the present one.

use super::call::Call;
use crate::context::AppContext;
use ::oidc::{
    ProtocolError,
    dpop::{self, ProofContext, UnverifiedProof, VerifiedProof, nonce},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The nonce to hand out now: the same on every node, and kept nowhere.
pub fn current_nonce(ctx: &AppContext) -> String {
    of_window(ctx, nonce::window(ctx.now()))
}

fn of_window(ctx: &AppContext, window: i64) -> String {
    let mac = ctx.keyring.mac("dpop-nonce", &window.to_be_bytes());
    URL_SAFE_NO_PAD.encode(&mac[..18])
}

/// Verifies the proof of a request, if it brings one. `access_token` is the token it must name.
///
/// # Errors
/// `invalid_dpop_proof`, `use_dpop_nonce`.
pub fn verify(
    ctx: &AppContext,
    call: &Call<'_>,
    access_token: Option<&str>,
    nonce_required: bool,
) -> Result<Option<VerifiedProof>, ProtocolError> {
    let values: Vec<&str> = call.proofs.iter().map(String::as_str).collect();
    let Some(value) = dpop::single(&values)? else { return Ok(None) };
    let nonces = nonce::accepted_windows(ctx.now()).map(|window| of_window(ctx, window));
    let context = ProofContext {
        method: call.method,
        address: &ctx.url(call.path),
        access_token,
        nonces: &nonces,
        nonce_required,
        now: ctx.now(),
    };
    UnverifiedProof::parse(value)?.verify(&context).map(Some)
}
