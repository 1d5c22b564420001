//! Tokenizers in files.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Tokenizers in files.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tokenizers {
    /// The directory of `tokenizer.json` files and models of SentencePiece, the same on every instance. A spec names a file
    /// in it. Empty means that only the built-in tokenizers can be used.
    pub root: PathBuf,
}
