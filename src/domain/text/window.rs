//! The part of a document's text that is not cut into chunks yet.
//!
//! The decoder appends at the end, and the splitter advances the start. While text arrives, the buffer has the full
//! size that the strategy declared. At rest it has the size of its content.

use crate::domain::text::features::Features;
use crate::domain::text::position::Position;
use crate::domain::text::source_map::SourceMap;

/// A bounded buffer of text that knows its start in the document and in the source.
#[derive(Debug)]
pub struct Window {
    /// The text before `head` is spent, and is dropped when space is needed.
    buffer: String,
    capacity_bytes: usize,
    head: usize,
    /// The features of all text since the window was created.
    features: Features,
    /// Describes `buffer[head..]`.
    map: SourceMap,
    start: Position,
    /// The number of faults before the start that were replaced by U+FFFD since the window was created.
    replaced: u64,
}

impl Window {
    /// Creates a window that begins at `start` and holds at most `capacity_bytes` bytes of text.
    #[must_use]
    pub fn new(start: Position, capacity_bytes: usize) -> Self {
        Self {
            buffer: String::new(),
            capacity_bytes,
            head: 0,
            features: Features::default(),
            map: SourceMap::default(),
            start,
            replaced: 0,
        }
    }

    /// Returns the undecided text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.buffer[self.head..]
    }

    /// Returns the features of the undecided text and of the text before it.
    #[must_use]
    pub fn features(&self) -> Features {
        self.features
    }

    /// Returns the last `bytes` bytes of text that [`Window::advance`] passed, with all text after them. They stay in
    /// the buffer until the next [`Window::make_room`]: the text of a chunk just cut.
    #[must_use]
    pub fn passed(&self, bytes: usize) -> &str {
        &self.buffer[self.head - bytes..]
    }

    /// Returns the start of the window.
    #[must_use]
    pub fn start(&self) -> Position {
        self.start
    }

    /// Returns the number of faults before the start that were replaced by U+FFFD since the window was created.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.replaced
    }

    /// Returns the place `bytes` bytes of text after the start.
    #[must_use]
    pub fn position(&self, bytes: usize) -> Position {
        self.position_from(self.start, bytes)
    }

    /// Returns the place `bytes` bytes of text after the start, by counting from `earlier`, a place of the window
    /// before it.
    #[must_use]
    pub fn position_from(&self, earlier: Position, bytes: usize) -> Position {
        let counted = usize::try_from(earlier.byte - self.start.byte).unwrap_or(bytes);
        let text = &self.text()[counted..bytes];
        let source = self.start.source + self.map.source_bytes(bytes);
        earlier.after(text, self.features, source - earlier.source)
    }

    /// Moves the start to `bytes` bytes after it; `position` is that place.
    pub fn advance(&mut self, bytes: usize, position: Position) {
        debug_assert_eq!(self.start.byte + bytes as u64, position.byte);
        self.head += bytes;
        self.replaced += self.map.advance(bytes);
        self.start = position;
    }

    /// Moves the start past bytes that the decoder dropped, such as a byte order mark.
    ///
    /// Must be called only while the window is empty.
    pub fn skip_source(&mut self, source_bytes: usize) {
        debug_assert!(self.text().is_empty());
        self.start.source += source_bytes as u64;
    }

    /// Whether `bytes` bytes may be pushed. Drops spent text if necessary.
    pub fn make_room(&mut self, bytes: usize) -> bool {
        let most = self.capacity_bytes;
        let has_room = |buffer: &String| most - buffer.len() >= bytes;
        if !has_room(&self.buffer) {
            self.drop_spent();
        }
        // The buffer keeps its full size until it rests, so this usually reserves nothing.
        self.buffer.reserve_exact(most - self.buffer.len());
        has_room(&self.buffer)
    }

    /// Frees memory that is not needed until more text arrives.
    pub fn rest(&mut self) {
        self.drop_spent();
        self.buffer.shrink_to_fit();
        self.map.rest();
    }

    fn drop_spent(&mut self) {
        self.buffer.drain(..self.head);
        self.head = 0;
    }

    /// Appends text that has these features, with exactly the source's bytes.
    pub fn push_verbatim(&mut self, text: &str, features: Features) {
        self.buffer.push_str(text);
        self.features |= features;
        self.map.push_verbatim(text.len());
    }

    /// Appends a character that was decoded from `source_bytes` bytes.
    pub fn push_decoded(&mut self, character: char, source_bytes: usize) {
        self.buffer.push(character);
        self.features |= Features::of_character(character);
        self.map.push_decoded(character, source_bytes);
    }

    /// Appends a U+FFFD that stands for `source_bytes` bytes.
    pub fn push_fault(&mut self, source_bytes: usize) {
        self.buffer.push(char::REPLACEMENT_CHARACTER);
        self.features.has_wide = true;
        self.map.push_fault(source_bytes);
    }
}
