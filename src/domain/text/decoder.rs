//! From the source's bytes to the window's text, by the policy that the uploader chose.
//!
//! The first bytes decide: a byte order mark, or the detector where no charset was declared. From
//! then on every byte goes through one decoder, which can go on at any character's start.

use std::fmt;

use crate::domain::text::charset::{Charset, Legacy};
use crate::domain::text::utf8::Utf8;
use crate::domain::text::window::Window;

/// The most bytes that one call decodes, and that a charset is detected by. Small enough to stay
/// in the processor's cache together with the text that comes out.
pub const PIECE_BYTES_MAX: usize = 32 * 1024;

/// The most bytes of text that a piece can become: three for each (U+FFFD for a bad byte), and the
/// characters carried over from the piece before.
pub const DECODED_BYTES_MAX: usize = 3 * PIECE_BYTES_MAX + 16;

/// How a source becomes text; the same on every store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Decoding {
    /// The charset; none: by byte order mark, else UTF-8 if the first 32 KiB are, else a guess.
    pub charset: Option<Charset>,
    /// What becomes of bytes that no character begins with.
    pub invalid: Policy,
    /// What becomes of U+0000, which PostgreSQL's text cannot hold.
    pub nul: Policy,
    /// What becomes of the charset's byte order mark at the start.
    pub byte_order_mark: ByteOrderMark,
}

impl Default for Decoding {
    fn default() -> Self {
        Self {
            charset: Some(Charset::UTF_8),
            invalid: Policy::default(),
            nul: Policy::default(),
            byte_order_mark: ByteOrderMark::default(),
        }
    }
}

/// Everything that decides the text, in one line: equal lines, equal text.
impl fmt::Display for Decoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { charset, invalid, nul, byte_order_mark } = self;
        let charset = charset.map_or("detected", Charset::name);
        write!(f, "charset {charset}, invalid {invalid:?}, nul {nul:?}, mark {byte_order_mark:?}")
    }
}

/// What becomes of a fault.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Policy {
    /// The document is refused, with the fault's byte.
    #[default]
    Reject,
    /// The fault becomes U+FFFD.
    Replace,
}

/// What becomes of a byte order mark.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ByteOrderMark {
    /// The text begins after it.
    #[default]
    Drop,
    /// It is the text's first character, U+FEFF.
    Keep,
}

/// The document cannot be decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// Bytes that are no character in the charset.
    #[error("byte {offset} begins no character of {charset}; replace invalid bytes, or declare the charset it is in")]
    Invalid {
        /// Where in the source, from 0.
        offset: u64,
        /// The charset.
        charset: &'static str,
    },
    /// U+0000.
    #[error("a NUL character at byte {offset}; replace NUL characters, or leave out binary files")]
    Nul {
        /// Where in the source, from 0.
        offset: u64,
    },
}

/// Decodes one document.
#[derive(Debug)]
pub struct Decoder {
    decoding: Decoding,
    state: State,
    /// How many bytes of the source were decoded.
    decoded_bytes: u64,
}

#[derive(Debug)]
enum State {
    /// The first bytes, until there are enough to choose; at most [`PIECE_BYTES_MAX`].
    Start(Vec<u8>),
    Utf8(Charset, Utf8),
    Legacy(Charset, Legacy),
}

impl Decoder {
    /// Starts a document.
    #[must_use]
    pub fn new(decoding: Decoding) -> Self {
        Self { decoding, state: State::Start(Vec::new()), decoded_bytes: 0 }
    }

    /// Goes on at a character's start, `source_offset` bytes into the source.
    #[must_use]
    pub fn resume(decoding: Decoding, charset: Charset, source_offset: u64) -> Self {
        Self { decoding, state: State::of(charset), decoded_bytes: source_offset }
    }

    /// The charset, once it is chosen.
    #[must_use]
    pub fn charset(&self) -> Option<Charset> {
        match self.state {
            State::Start(_) => None,
            State::Utf8(charset, _) | State::Legacy(charset, _) => Some(charset),
        }
    }

    /// Decodes the first bytes of `source` into `window`, and returns how many it took: none only
    /// when the window is full.
    ///
    /// # Errors
    ///
    /// Fails at the first fault that the policy rejects. What came before it is in the window.
    pub fn decode(&mut self, source: &[u8], window: &mut Window) -> Result<usize, Fault> {
        if window.make_room() < DECODED_BYTES_MAX {
            return Ok(0);
        }
        let mut piece = &source[..source.len().min(PIECE_BYTES_MAX)];
        if let State::Start(held) = &mut self.state {
            let wanted = head_bytes(self.decoding) - held.len();
            piece = &piece[..piece.len().min(wanted)];
            held.extend_from_slice(piece);
            if piece.len() == wanted {
                self.start(false, window)?;
            }
            // A charset without a mark has an empty head: nothing was taken for it.
            if wanted > 0 {
                return Ok(piece.len());
            }
            piece = &source[..source.len().min(PIECE_BYTES_MAX)];
        }
        self.decode_piece(Some(piece), window)?;
        Ok(piece.len())
    }

    /// Ends the document.
    ///
    /// # Errors
    ///
    /// Fails if it ends within a character and the policy rejects that.
    pub fn finish(&mut self, window: &mut Window) -> Result<(), Fault> {
        if matches!(self.state, State::Start(_)) {
            self.start(true, window)?;
        }
        self.decode_piece(None, window)
    }

    /// Chooses the charset by the head, and decodes that.
    fn start(&mut self, is_whole: bool, window: &mut Window) -> Result<(), Fault> {
        let State::Start(head) = &mut self.state else { return Ok(()) };
        let head = std::mem::take(head);
        let charset = self.decoding.charset.unwrap_or_else(|| charset_of(&head, is_whole));
        self.state = State::of(charset);
        let mark = charset.byte_order_mark();
        let is_dropped = self.decoding.byte_order_mark == ByteOrderMark::Drop;
        let skipped = if is_dropped && head.starts_with(mark) { mark.len() } else { 0 };
        window.skip_source(skipped);
        self.decoded_bytes += skipped as u64;
        self.decode_piece(Some(&head[skipped..]), window)
    }

    /// Decodes a piece, or ends the document where there is none.
    fn decode_piece(&mut self, piece: Option<&[u8]>, window: &mut Window) -> Result<(), Fault> {
        let Some(charset) = self.charset() else { return Ok(()) };
        let (decoding, source_end) = (self.decoding, &mut self.decoded_bytes);
        let out = &mut Emit { decoding, window, source_end, charset };
        match (&mut self.state, piece) {
            (State::Start(_), _) => Ok(()),
            (State::Utf8(_, utf8), Some(piece)) => utf8.decode(piece, out),
            (State::Utf8(_, utf8), None) => utf8.finish(out),
            (State::Legacy(_, legacy), Some(piece)) => legacy.decode(piece, out),
            (State::Legacy(_, legacy), None) => legacy.finish(out),
        }
    }
}

impl State {
    fn of(charset: Charset) -> Self {
        if charset == Charset::UTF_8 {
            Self::Utf8(charset, Utf8::default())
        } else {
            Self::Legacy(charset, Legacy::new(charset))
        }
    }
}

/// How many bytes are held until the charset is chosen.
fn head_bytes(decoding: Decoding) -> usize {
    decoding.charset.map_or(PIECE_BYTES_MAX, |charset| charset.byte_order_mark().len())
}

fn charset_of(head: &[u8], is_whole: bool) -> Charset {
    let marked = [Charset::UTF_8, Charset::UTF_16LE, Charset::UTF_16BE];
    let marked = marked.into_iter().find(|charset| head.starts_with(charset.byte_order_mark()));
    marked.unwrap_or_else(|| Charset::detect(head, is_whole))
}

/// Where decoders put what they decode, and report what they cannot.
#[derive(Debug)]
pub struct Emit<'a> {
    decoding: Decoding,
    window: &'a mut Window,
    source_end: &'a mut u64,
    charset: Charset,
}

impl Emit<'_> {
    /// Gives out text that is the source's own bytes.
    ///
    /// # Errors
    ///
    /// Fails at a NUL if the policy rejects it.
    pub fn verbatim(&mut self, mut text: &str) -> Result<(), Fault> {
        while let Some(nul) = memchr::memchr(0, text.as_bytes()) {
            self.push(&text[..nul]);
            self.nul(1)?;
            text = &text[nul + 1..];
        }
        self.push(text);
        Ok(())
    }

    /// Gives out a character that took `source_bytes` bytes.
    ///
    /// # Errors
    ///
    /// Fails at a NUL if the policy rejects it.
    pub fn decoded(&mut self, character: char, source_bytes: usize) -> Result<(), Fault> {
        if character == '\0' {
            return self.nul(source_bytes);
        }
        self.window.push_decoded(character, source_bytes);
        *self.source_end += source_bytes as u64;
        Ok(())
    }

    /// Reports `source_bytes` bytes that are no character.
    ///
    /// # Errors
    ///
    /// Fails if the policy rejects them.
    pub fn invalid(&mut self, source_bytes: usize) -> Result<(), Fault> {
        let fault = Fault::Invalid { offset: *self.source_end, charset: self.charset.name() };
        self.fault(self.decoding.invalid, fault, source_bytes)
    }

    fn nul(&mut self, source_bytes: usize) -> Result<(), Fault> {
        let fault = Fault::Nul { offset: *self.source_end };
        self.fault(self.decoding.nul, fault, source_bytes)
    }

    fn fault(&mut self, policy: Policy, fault: Fault, source_bytes: usize) -> Result<(), Fault> {
        match policy {
            Policy::Reject => Err(fault),
            Policy::Replace => {
                self.window.push_fault(source_bytes);
                *self.source_end += source_bytes as u64;
                Ok(())
            }
        }
    }

    fn push(&mut self, text: &str) {
        self.window.push_verbatim(text);
        *self.source_end += text.len() as u64;
    }
}
