//! The port of tokenizers, and their identity.

use std::fmt;
use std::sync::Arc;

use crate::domain::chunking::tokens::split_rule::SplitRule;

/// The built-in tokenizer of GPT-4 and of the embedding models `text-embedding-3`.
pub const CL100K_BASE: &str = "cl100k_base";
/// The built-in tokenizer of GPT-4o and later.
pub const O200K_BASE: &str = "o200k_base";

/// The SHA-256 of the vocabularies that OpenAI publishes under these names.
const BUILT_IN: [(&str, [u8; 32]); 2] = [
    (
        CL100K_BASE,
        digest("223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"),
    ),
    (
        O200K_BASE,
        digest("446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"),
    ),
];

/// The most bytes of a tokenizer's name.
pub const NAME_BYTES_MAX: usize = 128;

/// Counts the tokens of a text.
pub trait Tokenizer: fmt::Debug + Send + Sync {
    /// Returns its identity, with its digest.
    fn id(&self) -> &TokenizerId;

    /// Returns the number of tokens of a text alone, without the special tokens that a model adds around it.
    fn count(&self, text: &str) -> usize;

    /// Returns the places that no token crosses.
    fn split_rule(&self) -> SplitRule;

    /// Returns the most tokens of one character alone.
    fn character_tokens_max(&self) -> usize;
}

/// A shared tokenizer.
pub type SharedTokenizer = Arc<dyn Tokenizer>;

/// The name of a tokenizer, and the digest of its file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenizerId {
    name: String,
    /// `None` until the tokenizer of a file is loaded.
    sha256: Option<[u8; 32]>,
}

/// The name is not one of a tokenizer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "must be {CL100K_BASE}, {O200K_BASE} or the name of a file: at most {NAME_BYTES_MAX} ASCII letters, digits, `.`, \
     `_` and `-`, not beginning with `.`"
)]
pub struct NameError;

impl TokenizerId {
    /// Checks a name. It can never leave its folder. That of a built-in tokenizer is pinned.
    ///
    /// # Errors
    ///
    /// Fails if the name has other characters than those of a plain file name, or too many.
    pub fn new(name: &str) -> Result<Self, NameError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let has_length = (1..=NAME_BYTES_MAX).contains(&name.len());
        if !has_length || name.starts_with('.') || !name.bytes().all(is_plain) {
            return Err(NameError);
        }
        let in_a_file = || Self {
            name: name.to_owned(),
            sha256: None,
        };
        Ok(Self::built_in(name).unwrap_or_else(in_a_file))
    }

    /// Returns the built-in tokenizer of that name.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        let (name, sha256) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        let name = (*name).to_owned();
        let sha256 = Some(*sha256);
        Some(Self { name, sha256 })
    }

    /// Pins the tokenizer to a digest.
    #[must_use]
    pub fn pinned(self, sha256: [u8; 32]) -> Self {
        Self {
            sha256: Some(sha256),
            ..self
        }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the SHA-256 of the tokenizer's file. `None` until it is pinned.
    #[must_use]
    pub fn sha256(&self) -> Option<[u8; 32]> {
        self.sha256
    }
}

impl Default for TokenizerId {
    fn default() -> Self {
        let [(name, sha256), _] = BUILT_IN;
        Self {
            name: name.to_owned(),
            sha256: Some(sha256),
        }
    }
}

/// Reads the hexadecimal digits of a digest.
const fn digest(hexadecimal: &str) -> [u8; 32] {
    let digits = hexadecimal.as_bytes();
    let mut bytes = [0; 32];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = nibble(digits[2 * at]) << 4 | nibble(digits[2 * at + 1]);
        at += 1;
    }
    bytes
}

const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::{NAME_BYTES_MAX, NameError, TokenizerId};

    #[test]
    fn a_name_cannot_leave_its_folder() {
        let long = "a".repeat(NAME_BYTES_MAX + 1);
        for name in [
            "", ".", "..", ".hidden", "a/b", "../a", "a\\b", "a\0", "\u{E9}", &long,
        ] {
            assert_eq!(TokenizerId::new(name), Err(NameError), "{name:?}");
        }
        for name in ["cl100k_base", "e5-small.v2.json", &long[1..]] {
            assert_eq!(TokenizerId::new(name).unwrap().name(), name);
        }
    }
}
