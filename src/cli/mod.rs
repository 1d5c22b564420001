//! The command line.
//!
//! `commands` has a file for each command. Only `output` writes to the terminal.
//!
//! Exit codes: 0 success; 1 failure, with a message; 2 wrong arguments; 130 or 143 an upload that SIGINT or SIGTERM
//! interrupted.

use std::process::ExitCode;

use clap::Parser;

use crate::cli::commands::Command;
use crate::cli::status::said;

mod backoff;
mod begun;
mod chunk_rows;
mod client;
mod commands;
mod common;
mod connection;
mod failure;
mod following;
mod json;
mod kept;
mod label;
mod names;
mod outcome;
mod output;
mod patience;
mod printable;
mod progress;
mod reading;
mod sending;
mod source;
mod sources;
mod spec;
mod status;
mod stopping;
mod stored;
mod table;
mod underway;
mod uploader;
mod watching;

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
        Err(error) => output::end(&said(error)),
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
        let told = ["sluice", "changes", "--after", "-k"];
        assert!(super::Arguments::try_parse_from(told).is_ok());
    }
}
