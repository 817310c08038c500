//! What the process tells about itself: log lines, a span for each request, panics, and tasks that are waited for.
//! Does not own audit events (`domain::audit`): those are facts of the organisation, these are for whoever runs the server.
//!
//! No line holds a secret: requests are named by their route, never by their query, and secret types print `[redacted]`.

mod log;
mod panics;
mod request;
mod tasks;

pub use log::init;
pub use panics::{hide_memory_from_core_dumps, log_panics};
pub use request::{RequestId, RequestSpan};
pub use tasks::Tasks;
