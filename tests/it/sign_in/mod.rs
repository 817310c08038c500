//! Signing in and out: the forms, the throttle, the cookies, first run.

mod forms;
mod setup;
mod throttle;
