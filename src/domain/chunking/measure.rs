//! The measures that sizes of chunks may have.

use crate::domain::text::text_unit::TextUnit;

/// The unit of a chunk's sizes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Measure {
    /// Unicode scalar values.
    #[default]
    Characters,
    /// Bytes of UTF-8.
    Bytes,
    /// Words, as [`TextUnit::Words`] counts them.
    Words,
    /// The tokens of a tokenizer.
    Tokens,
}

impl Measure {
    /// All measures.
    pub const ALL: [Self; 4] = [Self::Characters, Self::Bytes, Self::Words, Self::Tokens];

    /// The measures that need no tokenizer.
    pub const OF_TEXT: [Self; 3] = [Self::Characters, Self::Bytes, Self::Words];

    /// Returns the name by which users choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Characters => "characters",
            Self::Bytes => "bytes",
            Self::Words => "words",
            Self::Tokens => "tokens",
        }
    }

    /// Returns the unit that the text alone decides. `None` for tokens.
    #[must_use]
    pub fn unit(self) -> Option<TextUnit> {
        match self {
            Self::Characters => Some(TextUnit::Characters),
            Self::Bytes => Some(TextUnit::Bytes),
            Self::Words => Some(TextUnit::Words),
            Self::Tokens => None,
        }
    }

    /// Returns the most bytes that a text of `size` can have, or `usize::MAX` if there is no bound. A tokenizer may drop
    /// characters, so a text of few tokens may be long.
    #[must_use]
    pub fn bytes_max(self, size: usize) -> usize {
        self.unit().map_or(usize::MAX, |unit| unit.bytes_max(size))
    }
}
