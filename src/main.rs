//! The `palabre` program: reads the command line and hands over to the library.

use std::process::ExitCode;

/// A sixth less CPU a request than the system's allocator on Linux, for two megabytes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    palabre::cli::run()
}
