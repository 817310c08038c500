//! The modules of the plan for the FAPI 2 security profile, as it is run with `private_key_jwt`, DPoP, pushed unsigned requests
//! and plain answers.
//!
//! `driver` holds the two clients and what they send; the other files hold the modules by what they are about.

mod assertion;
mod dpop;
mod driver;
mod flow;
mod proofs;
mod pushed;
mod token;
