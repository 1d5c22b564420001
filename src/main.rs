//! The program: parses the command line and runs the command.

use std::process::ExitCode;

/// Returns memory to the system within a second after a burst of uploads. `.cargo/config.toml` has its settings.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    sluice::cli::run()
}
