//! Proving who someone is. Does not own sessions' lifetime (`domain::session`) or where they go next (`sign_on`).

pub mod hasher;
pub mod password;
pub mod throttle;
