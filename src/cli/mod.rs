//! The command line.
//!
//! To add a command: a file with its arguments and a `run`, a variant in `Command`, a line in
//! [`run`], a test in `tests/cli`. Only `output` writes to the terminal.
//!
//! Exit codes: 0 all is done; 1 something failed, with a message; 2 the arguments are wrong.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod admin;
mod audit;
mod begun;
mod chunk;
mod client;
mod demo;
mod import;
mod inspect;
mod limits;
mod load;
mod manage;
mod migrate;
mod outcome;
mod output;
mod partitions;
mod quotas;
mod reading;
mod rechunk;
mod sending;
mod serve;
mod source;
mod sources;
mod spec;
mod spec_json;
mod status;
mod stopping;
mod stored;
mod sync;
mod upload;
mod uploader;

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
    Demo(demo::Arguments),
    Serve(serve::Arguments),
    Migrate(migrate::Arguments),
    Upload(upload::Arguments),
    Sync(sync::Arguments),
    Import(import::Arguments),
    Rechunk(rechunk::Arguments),
    Watch(inspect::Watch),
    Chunks(inspect::Chunks),
    Collections(inspect::Collections),
    Documents(inspect::Documents),
    Partitions(partitions::Partitions),
    Locate(partitions::Locate),
    Move(partitions::Move),
    Limits(limits::Arguments),
    Operations(manage::Operations),
    Cancel(manage::Cancel),
    Delete(manage::Delete),
    Changes(manage::Changes),
    Admin(admin::Arguments),
    Load(load::Arguments),
}

/// Runs the command that the program's arguments name.
#[must_use]
pub fn run() -> ExitCode {
    let command = Arguments::parse().command;
    let outcome = if let Command::Chunk(arguments) = &command {
        chunk::run(arguments)
    } else {
        with_runtime(command)
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output::fail(&error),
    }
}

/// Runs a command that talks to a server, or is one.
fn with_runtime(command: Command) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(async {
        match command {
            Command::Chunk(arguments) => chunk::run(&arguments),
            Command::Demo(arguments) => demo::run(&arguments).await,
            Command::Serve(arguments) => serve::run(&arguments).await,
            Command::Migrate(arguments) => migrate::run(&arguments).await,
            Command::Upload(arguments) => upload::run(&arguments).await,
            Command::Sync(arguments) => sync::run(&arguments).await,
            Command::Import(arguments) => import::run(&arguments).await,
            Command::Rechunk(arguments) => rechunk::run(&arguments).await,
            Command::Watch(arguments) => inspect::watch(&arguments).await,
            Command::Chunks(arguments) => inspect::chunks(&arguments).await,
            Command::Collections(arguments) => inspect::collections(&arguments).await,
            Command::Documents(arguments) => inspect::documents(&arguments).await,
            Command::Partitions(arguments) => partitions::partitions(&arguments).await,
            Command::Locate(arguments) => partitions::locate(&arguments).await,
            Command::Move(arguments) => partitions::move_document(&arguments).await,
            Command::Limits(arguments) => limits::run(&arguments).await,
            Command::Operations(arguments) => manage::operations(&arguments).await,
            Command::Cancel(arguments) => manage::cancel(&arguments).await,
            Command::Delete(arguments) => manage::delete(&arguments).await,
            Command::Changes(arguments) => manage::changes(&arguments).await,
            Command::Admin(arguments) => admin::run(&arguments).await,
            Command::Load(arguments) => load::run(&arguments).await,
        }
    });
    // A read of the standard input cannot be interrupted; it is not waited for.
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

    /// One in 64 begins with a hyphen.
    #[test]
    fn any_cursor_is_taken_for_one() {
        let told = ["sluice", "changes", "--after", "-k"];
        assert!(super::Arguments::try_parse_from(told).is_ok());
    }
}
