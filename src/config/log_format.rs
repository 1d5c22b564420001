//! The format of logs.

use serde::{Deserialize, Serialize};

/// The format of logs on the standard error.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text if the standard error is a terminal, otherwise JSON.
    #[default]
    Auto,
    /// One line of text for each message, for people.
    Text,
    /// JSON Lines, for programs.
    Json,
}
