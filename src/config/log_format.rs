//! How logs are written.

use serde::{Deserialize, Serialize};

/// How logs are written to the standard error.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// As text if that is a terminal, else as JSON.
    #[default]
    Auto,
    /// A line of text each, for people.
    Text,
    /// JSON Lines, for programs.
    Json,
}
