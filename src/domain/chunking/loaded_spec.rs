//! A spec with its tokenizer.

use std::fmt;
use std::sync::Arc;

use crate::domain::chunking::chunker::Chunker;
use crate::domain::chunking::sizing::Sizing;
use crate::domain::chunking::spec::checked::Spec;
use crate::domain::chunking::spec::limits::Limits;
use crate::domain::chunking::tokens::tokenizer::{SharedTokenizer, TokenizerId};

/// A spec with its tokenizer, if it has any. It can make chunkers.
#[derive(Clone, Debug, Default)]
pub struct LoadedSpec {
    spec: Spec,
    tokenizer: Option<SharedTokenizer>,
}

/// The tokenizer does not suit the spec.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// The tokenizer has another digest than the spec is pinned to, or another name.
    #[error("the tokenizer {name} has changed")]
    Changed {
        /// Its name.
        name: String,
    },
    /// One character may have more tokens than a chunk.
    #[error(
        "leaves {most} tokens for a chunk, but one character may have {floor} tokens of {name}: give a larger limit or a \
         smaller reserve"
    )]
    TooFewTokens {
        /// The name of the tokenizer.
        name: String,
        /// The most tokens of a chunk.
        most: usize,
        /// The most tokens of a character.
        floor: usize,
    },
    /// The spec measures in tokens.
    #[error("the tokenizer {name} is not loaded")]
    NotLoaded {
        /// The name of the tokenizer.
        name: String,
    },
}

impl LoadedSpec {
    /// Returns a spec with its tokenizer, pinned to the tokenizer's digest.
    ///
    /// # Errors
    ///
    /// Fails if the tokenizer is missing or another one, or if one character may have more tokens than a chunk.
    pub fn new(spec: Spec, tokenizer: Option<SharedTokenizer>) -> Result<Self, Error> {
        let Some(wanted) = spec.tokenizer() else {
            return Ok(Self {
                spec,
                tokenizer: None,
            });
        };
        let name = wanted.name().to_owned();
        let Some(tokenizer) = tokenizer else {
            return Err(Error::NotLoaded { name });
        };
        let found = tokenizer.id();
        if !is_same(wanted, found) {
            return Err(Error::Changed { name });
        }
        let floor = tokenizer.character_tokens_max();
        let limits = std::iter::once(spec.limits()).chain(spec.parents());
        let most = { limits }.filter_map(Limits::chunk_tokens_max).min();
        if let Some(most) = most.filter(|most| *most < floor) {
            return Err(Error::TooFewTokens { name, most, floor });
        }
        let spec = match found.sha256() {
            Some(sha256) => spec.pinned(sha256),
            None => spec,
        };
        Ok(Self {
            spec,
            tokenizer: Some(tokenizer),
        })
    }

    /// Returns the spec.
    #[must_use]
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Creates the chunker for this spec.
    #[must_use]
    pub fn chunker(&self) -> Chunker {
        let strategy = self.spec.strategy();
        let ladder = strategy.ladder();
        let format = strategy.format();
        let one = |limits: &Limits| {
            let sizing = Sizing::new(*limits, self.tokenizer.clone());
            Chunker::new(sizing, self.spec.packing(), Arc::clone(&ladder), format)
        };
        let parents = self.spec.parents().iter().map(one).collect();
        one(self.spec.limits()).inside(parents)
    }
}

/// Whether a tokenizer is the wanted one.
fn is_same(wanted: &TokenizerId, found: &TokenizerId) -> bool {
    let has_digest = wanted.sha256().is_none() || wanted.sha256() == found.sha256();
    wanted.name() == found.name() && has_digest
}

/// Formats everything that decides chunks, in one line, as the spec does.
impl fmt::Display for LoadedSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spec.fmt(f)
    }
}
