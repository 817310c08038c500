//! The `gatehouse` program. Does not own anything but its start: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatehouse::cli::run()
}
