//! The `gatehouse` program. Does not own anything but its start: everything is in the library.

use std::process::ExitCode;

/// A request allocates some hundreds of small pieces; this costs half of what the system's allocator takes for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    gatehouse::cli::run()
}
