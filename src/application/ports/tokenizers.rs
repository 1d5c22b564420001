//! The port of tokenizers: those that are built in, and those in files.

use std::fmt::Debug;

use crate::domain::chunking::tokens::tokenizer::{SharedTokenizer, TokenizerId};

/// The reason why a tokenizer cannot be used. Clients may see it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// There is no such file, and no root for files.
    #[error(
        "is not built in, and no directory of tokenizers is set (tokenizers.root; --tokenizers)"
    )]
    NoRoot,
    /// There is no file of that name.
    #[error("is not built in, and there is no such file in the directory of tokenizers")]
    NotFound,
    /// The file is larger than allowed.
    #[error("has {bytes} bytes, but a tokenizer may have at most {most}")]
    TooLarge {
        /// The length of the file.
        bytes: u64,
        /// The longest allowed file.
        most: u64,
    },
    /// The file is not a tokenizer, or one that cannot count exactly.
    #[error("cannot be used: {reason}")]
    Refused {
        /// The reason, for people.
        reason: String,
    },
    /// The file cannot be read.
    #[error("cannot be read: {reason}")]
    Unreadable {
        /// The reason, for people.
        reason: String,
    },
}

/// Finds tokenizers by name.
pub trait Tokenizers: Debug + Send + Sync {
    /// Returns the tokenizer of that name, as its file is now. A digest in `id` is not compared.
    ///
    /// Reads and parses a file if it is new or has changed, so the caller must be on a thread that may block.
    ///
    /// # Errors
    ///
    /// Fails if there is no such tokenizer, or if it cannot be used. Nothing else is affected.
    fn find(&self, id: &TokenizerId) -> Result<SharedTokenizer, Error>;
}
