//! Decodes the source's bytes to the window's text, by the policy that the uploader chose.
//!
//! The first bytes decide: a binary format is rejected, and a byte order mark overrides a declared UTF-16 or UTF-32.
//! Where no charset was declared, [`undecided`](crate::domain::text::encoding::detection::undecided) detects it. From
//! then on every byte passes through one decoder, which can resume at any character's start.

use crate::domain::text::encoding::charset::Charset;
use crate::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Fault};
use crate::domain::text::encoding::detection::sniff::{self, HEAD_BYTES};
use crate::domain::text::encoding::detection::undecided::{Decision, HELD_BYTES_MAX, Undecided};
use crate::domain::text::encoding::detection::wrong_charset_hint::Looks;
use crate::domain::text::encoding::legacy::Legacy;
use crate::domain::text::encoding::sink::TextSink;
use crate::domain::text::encoding::utf8::Utf8;
use crate::domain::text::encoding::utf32::Utf32;
use crate::domain::text::window::Window;

/// The most bytes that one call decodes, besides those that were held. Small enough to stay in the processor's cache
/// together with the decoded text.
pub const PIECE_BYTES_MAX: usize = 32 * 1024;

/// The most bytes of the source that are decoded at once: a piece, or the held bytes.
pub const DECODED_AT_ONCE_BYTES_MAX: usize = if PIECE_BYTES_MAX > HELD_BYTES_MAX {
    PIECE_BYTES_MAX
} else {
    HELD_BYTES_MAX
};

/// The most bytes of text that these can become: three for each byte (U+FFFD for a bad byte), and the characters
/// carried over from the piece before. The carry counts twice, because the bytes left over at the end of the source
/// need space too.
pub const DECODED_BYTES_MAX: usize = 3 * DECODED_AT_ONCE_BYTES_MAX + 2 * 16;

/// The charset that a source is decoded from, as far as known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Choice {
    /// No byte is decoded yet.
    Start,
    /// Only ASCII was decoded, which is the same in every charset that remains.
    Ascii,
    /// The charset is chosen.
    Charset(Charset),
}

impl Choice {
    /// Returns the charset, once it is chosen.
    #[must_use]
    pub fn charset(self) -> Option<Charset> {
        match self {
            Self::Charset(charset) => Some(charset),
            Self::Start | Self::Ascii => None,
        }
    }
}

/// Decodes one document.
#[derive(Debug)]
pub struct Decoder {
    decoding: Decoding,
    state: DecoderState,
    /// The number of the source's bytes that were decoded.
    decoded_bytes: u64,
    looks: Looks,
    /// The first bytes, until there are enough to recognise a binary format. `None` means that they were examined.
    head: Option<Vec<u8>>,
}

#[derive(Debug)]
enum DecoderState {
    /// The first bytes of a source in a declared charset, until a byte order mark can be recognised.
    Declared(Charset, Vec<u8>),
    Undecided(Undecided),
    Utf8(Charset, Utf8),
    Utf32(Charset, Utf32),
    Legacy(Charset, Legacy),
}

impl Decoder {
    /// Starts a document.
    #[must_use]
    pub fn new(decoding: Decoding) -> Self {
        let state = match decoding.charset {
            Some(charset) => DecoderState::Declared(charset, Vec::new()),
            None => DecoderState::Undecided(Undecided::new()),
        };
        Self {
            decoding,
            state,
            decoded_bytes: 0,
            looks: Looks::new(decoding.charset),
            head: Some(Vec::new()),
        }
    }

    /// Resumes at a character's start, `source_offset` bytes into the source.
    #[must_use]
    pub fn resume(decoding: Decoding, choice: Choice, source_offset: u64) -> Self {
        let state = match choice {
            Choice::Start => return Self::new(decoding),
            Choice::Ascii => DecoderState::Undecided(Undecided::resume()),
            Choice::Charset(charset) => DecoderState::of(charset),
        };
        Self {
            decoding,
            state,
            decoded_bytes: source_offset,
            // The source's start is not sent again.
            looks: Looks::new(None),
            head: None,
        }
    }

    /// Returns the charset that the source is decoded from, as far as known.
    #[must_use]
    pub fn choice(&self) -> Choice {
        match &self.state {
            DecoderState::Undecided(undecided) if undecided.is_ascii() => Choice::Ascii,
            DecoderState::Declared(..) | DecoderState::Undecided(_) => Choice::Start,
            DecoderState::Utf8(charset, _)
            | DecoderState::Utf32(charset, _)
            | DecoderState::Legacy(charset, _) => Choice::Charset(*charset),
        }
    }

    /// Decodes the first bytes of `source` into `window`, and returns their number. The number is 0 only if the
    /// window is full.
    ///
    /// # Errors
    ///
    /// Fails for a binary source, and at the first fault that the policy rejects. The text before the
    /// fault is in the window.
    pub fn decode(&mut self, source: &[u8], window: &mut Window) -> Result<usize, Fault> {
        // Space for the largest output is always required, so that the source of the window's text has a bound.
        if !window.make_room(DECODED_BYTES_MAX) {
            return Ok(0);
        }
        let piece = &source[..source.len().min(PIECE_BYTES_MAX)];
        let Some(head) = &mut self.head else {
            return self.decode_some(piece, window);
        };
        let taken = piece.len().min(HEAD_BYTES - head.len());
        head.extend_from_slice(&piece[..taken]);
        if head.len() == HEAD_BYTES {
            self.examine(window)?;
        }
        Ok(taken)
    }

    /// Rejects a binary source by its first bytes, or decodes them.
    fn examine(&mut self, window: &mut Window) -> Result<(), Fault> {
        let head = self.head.take().unwrap_or_default();
        if let Some(format) = sniff::binary_format(&head, self.decoding.charset) {
            return Err(Fault::Binary { format });
        }
        let mut rest = head.as_slice();
        while !rest.is_empty() {
            rest = &rest[self.decode_some(rest, window)?..];
        }
        Ok(())
    }

    /// Decodes the first bytes of a piece, at least one, and returns their number.
    fn decode_some(&mut self, piece: &[u8], window: &mut Window) -> Result<usize, Fault> {
        let decoded = match self.looks.waiting() {
            Some(fault) => Err(fault),
            None => self.decode_piece(piece, window),
        };
        let taken = *decoded.as_ref().unwrap_or(&piece.len());
        self.looks.keep(&piece[..taken]);
        match decoded {
            Ok(taken) => Ok(taken),
            Err(fault) => self.looks.report(fault).map(|()| taken),
        }
    }

    /// Ends the document.
    ///
    /// # Errors
    ///
    /// Fails for a binary source, and if it ends within a character and the policy rejects that.
    pub fn finish(&mut self, window: &mut Window) -> Result<(), Fault> {
        window.make_room(DECODED_BYTES_MAX);
        if self.head.is_some() {
            self.examine(window)?;
        }
        self.looks.end()?;
        let finished = self
            .settle(true, window)
            .and_then(|()| self.run(None, window));
        finished.map_err(|fault| self.looks.of(fault))
    }

    fn decode_piece(&mut self, piece: &[u8], window: &mut Window) -> Result<usize, Fault> {
        let taken = match &mut self.state {
            DecoderState::Declared(charset, head) => {
                let wanted = mark_bytes_max(*charset) - head.len();
                let taken = wanted.min(piece.len());
                head.extend_from_slice(&piece[..taken]);
                taken
            }
            DecoderState::Undecided(undecided) => undecided.hold(piece),
            DecoderState::Utf8(..) | DecoderState::Utf32(..) | DecoderState::Legacy(..) => {
                self.run(Some(piece), window)?;
                return Ok(piece.len());
            }
        };
        self.settle(false, window)?;
        // A charset without a byte order mark needs no first bytes, so it takes none before it is settled.
        if taken > 0 || piece.is_empty() {
            return Ok(taken);
        }
        self.run(Some(piece), window)?;
        Ok(piece.len())
    }

    /// Chooses the charset if all deciding bytes are there, and decodes the held bytes.
    fn settle(&mut self, is_whole: bool, window: &mut Window) -> Result<(), Fault> {
        match &mut self.state {
            DecoderState::Declared(declared, head) => {
                let declared = *declared;
                if head.len() < mark_bytes_max(declared) && !is_whole {
                    return Ok(());
                }
                let head = std::mem::take(head);
                let by_mark = Charset::by_mark(&head).filter(|_| declared.is_wide());
                self.start(by_mark.unwrap_or(declared), &head, window)
            }
            DecoderState::Undecided(undecided) => match undecided.verdict(is_whole) {
                Decision::Ascii(bytes) => self.give_out(bytes, window),
                Decision::Charset(charset) => {
                    let is_start = !undecided.is_ascii();
                    let held = std::mem::take(undecided);
                    if is_start {
                        return self.start(charset, held.held(), window);
                    }
                    self.state = DecoderState::of(charset);
                    self.run(Some(held.held()), window)
                }
                Decision::Escape(at, charset) => {
                    self.give_out(at, window)?;
                    let offset = self.decoded_bytes;
                    Err(Fault::Escape { offset, charset })
                }
            },
            DecoderState::Utf8(..) | DecoderState::Utf32(..) | DecoderState::Legacy(..) => Ok(()),
        }
    }

    /// Starts the source in this charset, with the held bytes, which are its first.
    fn start(&mut self, charset: Charset, held: &[u8], window: &mut Window) -> Result<(), Fault> {
        self.state = DecoderState::of(charset);
        let mark = charset.byte_order_mark();
        let is_dropped = self.decoding.byte_order_mark == ByteOrderMark::Drop;
        let skipped = if is_dropped && held.starts_with(mark) {
            mark.len()
        } else {
            0
        };
        window.skip_source(skipped);
        self.decoded_bytes += skipped as u64;
        self.run(Some(&held[skipped..]), window)
    }

    /// Decodes the first held bytes, which are ASCII and decide nothing.
    fn give_out(&mut self, bytes: usize, window: &mut Window) -> Result<(), Fault> {
        let DecoderState::Undecided(undecided) = &mut self.state else {
            return Ok(());
        };
        let out = &mut TextSink {
            decoding: self.decoding,
            window,
            source_end: &mut self.decoded_bytes,
            charset: Charset::UTF_8,
        };
        let ascii = str::from_utf8(&undecided.held()[..bytes]).unwrap_or_default();
        out.verbatim(ascii)?;
        undecided.release(bytes);
        Ok(())
    }

    /// Decodes a piece, or ends the document if `piece` is `None`.
    fn run(&mut self, piece: Option<&[u8]>, window: &mut Window) -> Result<(), Fault> {
        let Some(charset) = self.choice().charset() else {
            return Ok(());
        };
        let decoding = self.decoding;
        let source_end = &mut self.decoded_bytes;
        let out = &mut TextSink {
            decoding,
            window,
            source_end,
            charset,
        };
        match (&mut self.state, piece) {
            (DecoderState::Declared(..) | DecoderState::Undecided(_), _) => Ok(()),
            (DecoderState::Utf8(_, utf8), Some(piece)) => utf8.decode(piece, out),
            (DecoderState::Utf8(_, utf8), None) => utf8.finish(out),
            (DecoderState::Utf32(_, utf32), Some(piece)) => utf32.decode(piece, out),
            (DecoderState::Utf32(_, utf32), None) => utf32.finish(out),
            (DecoderState::Legacy(_, legacy), Some(piece)) => legacy.decode(piece, out),
            (DecoderState::Legacy(_, legacy), None) => legacy.finish(out),
        }
    }
}

impl DecoderState {
    fn of(charset: Charset) -> Self {
        match charset.decoder() {
            _ if charset == Charset::UTF_8 => Self::Utf8(charset, Utf8::default()),
            Some(decoder) => Self::Legacy(charset, Legacy::new(charset, decoder)),
            None => Self::Utf32(charset, Utf32::new(charset)),
        }
    }
}

/// Returns the number of the source's first bytes that show whether it has a byte order mark.
fn mark_bytes_max(declared: Charset) -> usize {
    if declared.is_wide() {
        Charset::MARK_BYTES_MAX
    } else {
        declared.byte_order_mark().len()
    }
}
