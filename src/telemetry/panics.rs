//! What is left behind when something breaks: one log line, and no memory on disk. Does not own answering the request.

use std::panic::PanicHookInfo;

/// Longest message of a panic that is logged, in characters.
const MESSAGE_MAX: usize = 300;

/// Logs each panic once, as one line with its place, instead of printing it.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, message = message(info), "something panicked");
    }));
}

fn message(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MESSAGE_MAX).collect()
}

/// Keeps keys and passwords out of core dumps (D-09): Linux writes none of the memory kinds this mask leaves out.
pub fn hide_memory_from_core_dumps() {
    if let Err(error) = std::fs::write("/proc/self/coredump_filter", "0") {
        tracing::debug!(%error, "core dumps can't be emptied on this system");
    }
}
