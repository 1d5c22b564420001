//! The command line.
//!
//! `commands` has a file for each command. They take `arguments`, call a server by `calls` over a `connection`, send
//! documents by `uploads`, and print `json` or rows on the `terminal`.
//!
//! Exit codes: 0 success; 1 failure, with a message; 2 wrong arguments; 130 or 143 an upload that SIGINT or SIGTERM
//! interrupted.

use std::process::ExitCode;

use clap::Parser;

use crate::cli::calls::status::explain;
use crate::cli::commands::Command;
use crate::cli::terminal::output;

mod arguments;
mod calls;
mod commands;
mod connection;
mod json;
mod preview;
mod stopping;
mod terminal;
mod uploads;

/// Cuts documents into chunks while they stream, and proves every offset.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Runs the command that the program's arguments name.
#[must_use]
pub fn run() -> ExitCode {
    let command = Arguments::parse().command;
    if command.only_reads() {
        output::end_when_closed();
    }
    let outcome = match command.run_alone() {
        Some(done) => done,
        None => with_runtime(command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output::end(&explain(error)),
    }
}

/// Runs a command in a runtime.
fn with_runtime(command: Command) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(command.run());
    // A read of the standard input cannot be interrupted, so do not wait for it.
    runtime.shutdown_background();
    done
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_command_line_is_well_formed() {
        super::Arguments::command().debug_assert();
    }

    /// One cursor in 64 begins with a hyphen.
    #[test]
    fn a_cursor_may_begin_with_a_hyphen() {
        let arguments = ["sluice", "changes", "--after", "-k"];
        assert!(super::Arguments::try_parse_from(arguments).is_ok());
    }
}
