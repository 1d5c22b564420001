//! From the source's bytes to the window's text, by the policy that the uploader chose.
//!
//! The first bytes decide: those of a binary format are rejected, and a byte order mark, or the detector,
//! chooses the charset where none was declared. From then on every byte goes through one decoder, which
//! can resume at the start of any character.

use crate::domain::text::charset::Charset;
use crate::domain::text::decoding::{ByteOrderMark, Decoding, Fault};
use crate::domain::text::emit::Emit;
use crate::domain::text::legacy::Legacy;
use crate::domain::text::sniff::{self, HEAD_BYTES};
use crate::domain::text::utf8::Utf8;
use crate::domain::text::window::Window;

/// The most bytes that one call decodes, and that a charset is detected by. Small enough to stay
/// in the processor's cache together with the text that comes out.
pub const PIECE_BYTES_MAX: usize = 32 * 1024;

/// The most bytes of text that a piece can become: three for each (U+FFFD for a bad byte), and the
/// characters carried over from the piece before.
pub const DECODED_BYTES_MAX: usize = decoded_bytes_max(PIECE_BYTES_MAX);

const fn decoded_bytes_max(piece_bytes: usize) -> usize {
    // Twice the carry: what is left over when the source ends needs room too.
    3 * piece_bytes + 2 * 16
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
        Self {
            decoding,
            state: State::Start(Vec::new()),
            decoded_bytes: 0,
        }
    }

    /// Goes on at a character's start, `source_offset` bytes into the source.
    #[must_use]
    pub fn resume(decoding: Decoding, charset: Charset, source_offset: u64) -> Self {
        Self {
            decoding,
            state: State::of(charset),
            decoded_bytes: source_offset,
        }
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
    /// Fails for a binary source, and at the first fault that the policy rejects. The text before the
    /// fault is in the window.
    pub fn decode(&mut self, source: &[u8], window: &mut Window) -> Result<usize, Fault> {
        let mut piece = &source[..source.len().min(PIECE_BYTES_MAX)];
        if !window.make_room(decoded_bytes_max(piece.len())) {
            return Ok(0);
        }
        if let State::Start(held) = &mut self.state {
            let is_examined = held.len() >= HEAD_BYTES;
            let whole = start_bytes(self.decoding);
            let wanted = if is_examined { whole } else { HEAD_BYTES } - held.len();
            piece = &piece[..piece.len().min(wanted)];
            held.extend_from_slice(piece);
            let is_whole = held.len() == whole;
            if piece.len() == wanted && !is_examined {
                self.reject_binary()?;
            }
            if is_whole {
                self.start(false, window)?;
            }
            return Ok(piece.len());
        }
        self.decode_piece(Some(piece), window)?;
        Ok(piece.len())
    }

    /// Ends the document.
    ///
    /// # Errors
    ///
    /// Fails for a binary source, and if it ends within a character and the policy rejects that.
    pub fn finish(&mut self, window: &mut Window) -> Result<(), Fault> {
        window.make_room(decoded_bytes_max(0));
        if let State::Start(held) = &self.state {
            if held.len() < HEAD_BYTES {
                self.reject_binary()?;
            }
            self.start(true, window)?;
        }
        self.decode_piece(None, window)
    }

    /// Fails if the first bytes are those of a binary format.
    fn reject_binary(&self) -> Result<(), Fault> {
        let State::Start(head) = &self.state else {
            return Ok(());
        };
        match sniff::binary_format(head, self.decoding.charset) {
            Some(format) => Err(Fault::Binary { format }),
            None => Ok(()),
        }
    }

    /// Chooses the charset by the first bytes, and decodes those.
    fn start(&mut self, is_whole: bool, window: &mut Window) -> Result<(), Fault> {
        let State::Start(head) = &mut self.state else {
            return Ok(());
        };
        let head = std::mem::take(head);
        let charset = self
            .decoding
            .charset
            .unwrap_or_else(|| charset_of(&head, is_whole));
        self.state = State::of(charset);
        let mark = charset.byte_order_mark();
        let is_dropped = self.decoding.byte_order_mark == ByteOrderMark::Drop;
        let skipped = if is_dropped && head.starts_with(mark) {
            mark.len()
        } else {
            0
        };
        window.skip_source(skipped);
        self.decoded_bytes += skipped as u64;
        self.decode_piece(Some(&head[skipped..]), window)
    }

    /// Decodes a piece, or ends the document where there is none.
    fn decode_piece(&mut self, piece: Option<&[u8]>, window: &mut Window) -> Result<(), Fault> {
        let Some(charset) = self.charset() else {
            return Ok(());
        };
        let (decoding, source_end) = (self.decoding, &mut self.decoded_bytes);
        let out = &mut Emit {
            decoding,
            window,
            source_end,
            charset,
        };
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

/// How many bytes are held until the format is known and the charset is chosen.
fn start_bytes(decoding: Decoding) -> usize {
    decoding.charset.map_or(PIECE_BYTES_MAX, |_| HEAD_BYTES)
}

fn charset_of(head: &[u8], is_whole: bool) -> Charset {
    let marked = [Charset::UTF_8, Charset::UTF_16LE, Charset::UTF_16BE];
    let marked = marked
        .into_iter()
        .find(|charset| head.starts_with(charset.byte_order_mark()));
    marked.unwrap_or_else(|| Charset::detect(head, is_whole))
}
