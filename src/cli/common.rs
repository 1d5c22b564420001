//! The arguments that all commands with a table share.

use clap::Args;

use crate::cli::client::Server;
use crate::cli::output::Format;

/// How many rows a page has.
pub(super) const PAGE_ROWS: i32 = 1_000;

/// Which server, and how to write.
#[derive(Debug, Args)]
pub(super) struct Common {
    #[command(flatten)]
    pub(super) server: Server,
    /// How to write: `json` is JSON Lines.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) output: Format,
}
