//! Gatehouse: a self-hosted single sign-on gateway.
//!
//! Who may import whom: `cli → {web, jobs} → service → {store, keyring, catalog, outbound} → domain →
//! crates/{saml, oidc, scim, expression}`.
//! `tests/it/architecture.rs` holds this.

pub mod catalog;
pub mod cli;
pub mod clock;
pub mod config;
pub mod context;
pub mod domain;
pub mod id;
pub mod jobs;
pub mod keyring;
pub mod outbound;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod web;
