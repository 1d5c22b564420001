//! Reads the text of a document line by line, and marks its blocks.

use crate::domain::structure::blocks::Blocks;
use crate::domain::structure::codec::Reader;
use crate::domain::structure::format::Format;
use crate::domain::structure::line::{LINE_BYTES, LOOK_AHEAD_BYTES, Line};
use crate::domain::structure::markdown::front_matter;
use crate::domain::structure::markdown::state::State;

/// A scan of a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scanner {
    /// The byte of text up to which it has read.
    byte: u64,
    /// Whether the rest of the line at this byte is read already.
    skips_line: bool,
    state: State,
}

/// The line that a text begins with.
struct Found {
    /// The bytes of the line without its end, at most [`LINE_BYTES`].
    text: usize,
    /// The bytes up to the next line, or what there is of it.
    whole: usize,
    /// Whether the line ends in the text.
    is_ended: bool,
}

impl Scanner {
    /// Starts a document.
    #[must_use]
    pub fn new(format: Format) -> Self {
        let Format::Markdown = format;
        Self {
            byte: 0,
            skips_line: false,
            state: State::default(),
        }
    }

    /// Returns the byte of text up to which the scanner has read.
    #[must_use]
    pub fn byte(&self) -> u64 {
        self.byte
    }

    /// Reads the lines of `text`, which begins at the scanner's byte, and adds their blocks. The last line is read
    /// once its end, [`LINE_BYTES`] of it, or the text's end has arrived.
    pub fn read(&mut self, text: &str, is_end: bool, mut blocks: Option<&mut Blocks>) {
        let mut rest = text.as_bytes();
        if self.byte == 0 && !self.begin(text, is_end, blocks.as_deref_mut()) {
            return;
        }
        while let Some(line) = self.next_line(rest, is_end) {
            if !self.skips_line {
                let text = &rest[..line.text];
                let line = Line {
                    byte: self.byte,
                    text,
                };
                self.state.read(line, blocks.as_deref_mut());
            }
            self.skips_line = !line.is_ended;
            self.byte += line.whole as u64;
            rest = &rest[line.whole..];
        }
    }

    /// Reads the lines that begin before `byte`, so that the scanner can resume there. `text` begins at the scanner's
    /// byte, and reaches at least to `byte`.
    pub fn advance(&mut self, byte: u64, text: &str, is_end: bool) {
        let mut rest = text.as_bytes();
        if self.byte == 0 && byte > 0 {
            self.begin(text, true, None);
        }
        while self.byte < byte {
            let distance = usize::try_from(byte - self.byte).unwrap_or(usize::MAX);
            let Some(line) = self.line_before(distance, rest, is_end) else {
                // The text ends within a line whose class it decides.
                break;
            };
            if !self.skips_line {
                let text = &rest[..line.text];
                self.state.read(
                    Line {
                        byte: self.byte,
                        text,
                    },
                    None,
                );
            }
            self.skips_line = !line.is_ended || distance < line.whole;
            let passed = line.whole.min(distance);
            self.byte += passed as u64;
            rest = &rest[passed..];
        }
    }

    /// Appends the encoded form of the state. The byte is not part of it.
    pub fn encode(&self, to: &mut Vec<u8>) {
        to.push(u8::from(self.skips_line));
        self.state.encode(to);
    }

    /// Returns the scanner at `byte` that `from` begins with, and takes it off. Returns `None` if it is damaged.
    pub fn decode(from: &mut Reader<'_>, byte: u64) -> Option<Self> {
        Some(Self {
            byte,
            skips_line: from.flag()?,
            state: State::decode(from)?,
        })
    }

    /// Begins the document. Returns false if more of the text is needed.
    fn begin(&mut self, text: &str, is_end: bool, blocks: Option<&mut Blocks>) -> bool {
        if text.len() < LOOK_AHEAD_BYTES && !is_end {
            return false;
        }
        // A line that is cut off decides nothing.
        let decided = match text.floor_char_boundary(LOOK_AHEAD_BYTES) {
            end if end == text.len() => text,
            end => &text[..text[..end].rfind('\n').unwrap_or(0)],
        };
        if let Some(mark) = front_matter::mark(decided) {
            self.state.begin_front_matter(mark, blocks);
            self.skips_line = true;
        }
        true
    }

    /// Returns the line that `text` begins with, of which only the first `bytes` bytes are passed. It reads no more
    /// than decides the line, because a chunk can be far shorter than its line.
    fn line_before(&self, bytes: usize, text: &[u8], is_end: bool) -> Option<Found> {
        let decisive = if self.skips_line {
            bytes
        } else {
            bytes.max(LINE_BYTES)
        };
        // A carriage return at the end needs the byte after it.
        match text.get(..decisive.saturating_add(2)) {
            Some(part) if part.len() < text.len() => self.next_line(part, false),
            _ => self.next_line(text, is_end),
        }
    }

    /// Returns the line that `text` begins with, or `None` if not enough of it has arrived.
    fn next_line(&self, text: &[u8], is_end: bool) -> Option<Found> {
        if text.is_empty() {
            return None;
        }
        let found = memchr::memchr2(b'\n', b'\r', text);
        // A line feed may follow a carriage return at the text's end.
        let found = found.filter(|at| is_end || text[*at..] != *b"\r");
        let Some(at) = found else {
            let line = text.strip_suffix(b"\r").filter(|_| !is_end).unwrap_or(text);
            let is_decided = is_end || self.skips_line || line.len() >= LINE_BYTES;
            return (is_decided && !line.is_empty()).then(|| Found {
                text: line.len().min(LINE_BYTES),
                whole: line.len(),
                is_ended: is_end,
            });
        };
        let end = at
            + if text[at..].starts_with(b"\r\n") {
                2
            } else {
                1
            };
        Some(Found {
            text: at.min(LINE_BYTES),
            whole: end,
            is_ended: true,
        })
    }
}
