//! The commands, one per file.
//!
//! To add a command: a file with its arguments and a `run`, a variant in [`Command`], a line in
//! [`Command::run`], a test in `tests/cli` or `tests/service`.

use clap::Subcommand;

mod admin;
mod cancel;
mod changes;
mod chunk;
mod chunks;
mod collections;
mod context;
mod delete;
mod demo;
mod documents;
mod import;
mod limits;
mod locate;
mod migrate;
mod move_document;
mod operations;
mod partitions;
mod preview;
mod rechunk;
mod sections;
mod serve;
mod sync;
mod update;
mod upload;
mod watch;

/// A command with its arguments.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Chunk(chunk::Arguments),
    Preview(preview::Arguments),
    Demo(demo::Arguments),
    Serve(serve::Arguments),
    Migrate(migrate::Arguments),
    Upload(upload::Arguments),
    Sync(sync::Arguments),
    Import(import::Arguments),
    Rechunk(rechunk::Arguments),
    Update(update::Arguments),
    Watch(watch::Arguments),
    Chunks(chunks::Arguments),
    Context(context::Arguments),
    Sections(sections::Arguments),
    Collections(collections::Arguments),
    Documents(documents::Arguments),
    Partitions(partitions::Arguments),
    Locate(locate::Arguments),
    Move(move_document::Arguments),
    Limits(limits::Arguments),
    Operations(operations::Arguments),
    Cancel(cancel::Arguments),
    Delete(delete::Arguments),
    Changes(changes::Arguments),
    Admin(admin::Arguments),
}

impl Command {
    /// Runs a command that calls a server, or is one.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Chunk(arguments) => chunk::run(&arguments),
            Self::Preview(arguments) => preview::run(&arguments),
            Self::Demo(arguments) => demo::run(&arguments).await,
            Self::Serve(arguments) => serve::run(&arguments).await,
            Self::Migrate(arguments) => migrate::run(&arguments).await,
            Self::Upload(arguments) => upload::run(&arguments).await,
            Self::Sync(arguments) => sync::run(&arguments).await,
            Self::Import(arguments) => import::run(&arguments).await,
            Self::Rechunk(arguments) => rechunk::run(&arguments).await,
            Self::Update(arguments) => update::run(&arguments).await,
            Self::Watch(arguments) => watch::run(&arguments).await,
            Self::Chunks(arguments) => chunks::run(&arguments).await,
            Self::Context(arguments) => context::run(&arguments).await,
            Self::Sections(arguments) => sections::run(&arguments).await,
            Self::Collections(arguments) => collections::run(&arguments).await,
            Self::Documents(arguments) => documents::run(&arguments).await,
            Self::Partitions(arguments) => partitions::run(&arguments).await,
            Self::Locate(arguments) => locate::run(&arguments).await,
            Self::Move(arguments) => move_document::run(&arguments).await,
            Self::Limits(arguments) => limits::run(&arguments).await,
            Self::Operations(arguments) => operations::run(&arguments).await,
            Self::Cancel(arguments) => cancel::run(&arguments).await,
            Self::Delete(arguments) => delete::run(&arguments).await,
            Self::Changes(arguments) => changes::run(&arguments).await,
            Self::Admin(arguments) => admin::run(&arguments).await,
        }
    }

    /// Whether the command only reads. It may end as soon as its output is closed, even while it waits.
    pub(super) fn only_reads(&self) -> bool {
        match self {
            Self::Chunk(_)
            | Self::Preview(_)
            | Self::Watch(_)
            | Self::Chunks(_)
            | Self::Context(_)
            | Self::Sections(_)
            | Self::Collections(_)
            | Self::Documents(_)
            | Self::Partitions(_)
            | Self::Locate(_)
            | Self::Limits(_)
            | Self::Operations(_)
            | Self::Changes(_) => true,
            Self::Admin(arguments) => arguments.only_reads(),
            Self::Demo(_)
            | Self::Serve(_)
            | Self::Migrate(_)
            | Self::Upload(_)
            | Self::Sync(_)
            | Self::Import(_)
            | Self::Rechunk(_)
            | Self::Update(_)
            | Self::Move(_)
            | Self::Cancel(_)
            | Self::Delete(_) => false,
        }
    }

    /// Runs a command without a runtime. `None` means that the command needs one.
    pub(super) fn run_alone(&self) -> Option<anyhow::Result<()>> {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "all other commands need a runtime"
        )]
        match self {
            Self::Chunk(arguments) => Some(chunk::run(arguments)),
            Self::Preview(arguments) => Some(preview::run(arguments)),
            _ => None,
        }
    }
}
