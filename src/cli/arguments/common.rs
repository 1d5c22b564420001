//! The arguments that all commands with a table share.

use clap::Args;

use crate::cli::arguments::client::ServerArguments;
use crate::cli::terminal::output::Format;

/// The rows of a page.
pub(crate) const PAGE_ROWS: i32 = 1_000;

/// The server and the output format.
#[derive(Debug, Args)]
pub(crate) struct Common {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// Output format; `json` writes JSON Lines.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}
