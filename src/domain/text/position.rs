//! A place in a document, in every unit at once.

/// A place between two characters of a document. All counts are from zero.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Position {
    /// Bytes of text (UTF-8) before this place.
    pub byte: u64,
    /// Characters (Unicode scalar values) before this place.
    pub character: u64,
    /// Line feeds before this place.
    pub line: u64,
    /// Bytes of the source before this place, as sent.
    pub source: u64,
}

impl Position {
    /// The place after `text`, which begins here and took `source_bytes` bytes of the source.
    #[must_use]
    pub fn after(self, text: &str, source_bytes: u64) -> Self {
        let bytes = text.as_bytes();
        Self {
            byte: self.byte + bytes.len() as u64,
            character: self.character + bytecount::num_chars(bytes) as u64,
            line: self.line + bytecount::count(bytes, b'\n') as u64,
            source: self.source + source_bytes,
        }
    }
}

/// A run of text from `start` to `end`, exclusive.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Span {
    /// The place before the first character.
    pub start: Position,
    /// The place after the last character.
    pub end: Position,
}
