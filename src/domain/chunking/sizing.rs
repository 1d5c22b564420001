//! Applies the limits of chunks to the text of a view.

use std::ops::RangeInclusive;

use crate::domain::chunking::spec::limits::Limits;
use crate::domain::chunking::tokens::counter::Counter;
use crate::domain::chunking::tokens::tokenizer::SharedTokenizer;

/// The limits of chunks, with the tokenizer that counts their tokens.
#[derive(Clone, Debug)]
pub struct Sizing {
    limits: Limits,
    tokens: Option<Tokens>,
}

/// The limits in tokens.
#[derive(Clone, Debug)]
struct Tokens {
    tokenizer: SharedTokenizer,
    /// The most tokens of a chunk.
    most: usize,
}

/// A prefix of a view that has more tokens than a chunk may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Excess {
    /// The number of its tokens.
    pub tokens: usize,
    /// The most tokens of a chunk.
    pub most: usize,
}

impl Sizing {
    /// Applies limits. The tokenizer is needed only if something is measured in tokens.
    #[must_use]
    pub fn new(limits: Limits, tokenizer: Option<SharedTokenizer>) -> Self {
        let tokens = tokenizer.zip(limits.chunk_tokens_max());
        Self {
            limits,
            tokens: tokens.map(|(tokenizer, most)| Tokens { tokenizer, most }),
        }
    }

    /// Returns the limits.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns the tokenizer. `None` means that nothing is measured in tokens.
    #[must_use]
    pub fn tokenizer(&self) -> Option<&SharedTokenizer> {
        self.tokens.as_ref().map(|tokens| &tokens.tokenizer)
    }

    /// Returns the ends of the shortest and of the longest prefix of `text` that a chunk may have. Those in tokens are
    /// proposals: [`Sizing::excess`] decides. `counter` counts in a view that begins with `text`.
    #[must_use]
    pub fn prefixes(&self, text: &str, counter: Option<Counter<'_>>) -> RangeInclusive<usize> {
        let limits = &self.limits;
        let text = &text[..text.floor_char_boundary(limits.max_bytes())];
        let by_unit = limits
            .measure()
            .unit()
            .map(|unit| unit.prefixes(text, limits.min_size(), limits.max_size()));
        let Some((tokens, counter)) = self.tokens.as_ref().zip(counter) else {
            return by_unit.unwrap_or(0..=text.len());
        };
        let least = match by_unit {
            Some(_) => usize::MAX,
            None => limits.min_size().min(tokens.most),
        };
        // The rest of a longer text needs no counts.
        let end = by_unit.as_ref().map_or(text.len(), |ends| *ends.end());
        let by_tokens = counter.before(end).prefixes(least, tokens.most);
        match by_unit {
            Some(ends) => {
                let longest = (*ends.end()).min(*by_tokens.end());
                (*ends.start()).min(longest)..=longest
            }
            None => by_tokens,
        }
    }

    /// Returns by how much a text exceeds the limit in tokens. `None` means that it fits.
    #[must_use]
    pub fn excess(&self, text: &str, counter: Option<Counter<'_>>) -> Option<Excess> {
        let (tokens, counter) = self.tokens.as_ref().zip(counter)?;
        let most = tokens.most;
        let tokens = counter.count(0, text.len());
        (tokens > most).then_some(Excess { tokens, most })
    }

    /// Returns the start of the longest suffix of a chunk that the next one may repeat. One in tokens is a proposal.
    #[must_use]
    pub fn overlap_start(&self, chunk: &str, counter: Option<Counter<'_>>) -> usize {
        let limits = &self.limits;
        let last = chunk.ceil_char_boundary(chunk.len().saturating_sub(limits.max_bytes() / 2));
        let suffix = match (limits.measure().unit(), counter) {
            (Some(unit), _) => last + unit.suffix(&chunk[last..], limits.overlap()),
            (None, Some(counter)) => counter.suffix(chunk.len(), limits.overlap()),
            (None, None) => chunk.len(),
        };
        suffix.max(last)
    }

    /// Whether the next chunk may repeat a chunk from `start` on.
    #[must_use]
    pub fn may_repeat(&self, chunk: &str, start: usize, counter: Option<Counter<'_>>) -> bool {
        match (self.limits.measure().unit(), counter) {
            (Some(_), _) => true,
            (None, Some(counter)) => counter.count(start, chunk.len()) <= self.limits.overlap(),
            (None, None) => start == chunk.len(),
        }
    }
}
