//! The command line.
//!
//! To add a command: a file with its arguments and a `run`, a variant in `Command`, a line in
//! [`run`], a test in `tests/cli`. Only `output` writes to the terminal.
//!
//! Exit codes: 0 all is done; 1 something failed, with a message; 2 the arguments are wrong.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod chunk;
mod documents;
mod output;
mod spec;

/// Cuts documents into chunks while they stream, and proves every offset.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Chunk(chunk::Arguments),
}

/// Runs the command that the program's arguments name.
#[must_use]
pub fn run() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Chunk(arguments) => chunk::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output::fail(&error),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Arguments::command().debug_assert();
    }
}
