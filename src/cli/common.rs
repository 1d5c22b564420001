//! The arguments that all commands with a table share.

use clap::Args;

use crate::cli::client::Server;
use crate::cli::output::Format;

/// The rows of a page.
pub(super) const PAGE_ROWS: i32 = 1_000;

/// The server and the output format.
#[derive(Debug, Args)]
pub(super) struct Common {
    #[command(flatten)]
    pub(super) server: Server,
    /// Output format; `json` writes JSON Lines.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) output: Format,
}
