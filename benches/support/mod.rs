//! What the benchmark of the running server is made of: the process, its clients, the load, the raw cryptography, and
//! one file for each section. Does not own which sections run (`server.rs`).

pub mod browser;
pub mod gateway;
pub mod http;
pub mod load;
pub mod oidc;
pub mod organisation;
pub mod password;
pub mod process;
pub mod raw;
pub mod saml;
pub mod service_provider;
pub mod start;
pub mod table;
