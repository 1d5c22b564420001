//! Walks a chunker through a document that arrives in pieces.

use crate::domain::chunking::chunker::{Chunker, View};
use crate::domain::text::decoder::{Choice, DECODED_BYTES_MAX, Decoder};
use crate::domain::text::decoding::{Decoding, Fault};
use crate::domain::text::position::{Position, Span};
use crate::domain::text::window::Window;

/// Bytes in, chunks out. Holds at most [`Splitter::window_bytes`] of text.
///
/// ```
/// use sluice::domain::chunking::{spec::Spec, splitter::Splitter};
/// use sluice::domain::text::decoding::Decoding;
///
/// let mut splitter = Splitter::new(Spec::default().chunker(), Decoding::default());
/// let taken = splitter.feed(b"A short document.");
/// assert_eq!(taken, 17);
/// splitter.finish();
/// let chunk = splitter.next_chunk()?.expect("there is one");
/// assert_eq!(chunk.text, "A short document.");
/// assert!(splitter.next_chunk()?.is_none());
/// # Ok::<(), sluice::domain::text::decoding::Fault>(())
/// ```
#[derive(Debug)]
pub struct Splitter {
    decoder: Decoder,
    window: Window,
    chunker: Chunker,
    /// How many bytes of text after the window's start the last chunk covers: its overlap.
    covered: usize,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Open,
    /// The source has ended; the window holds the rest of the text.
    Finished,
    /// What the window holds is followed by a fault.
    Faulty(Fault),
}

/// Where a splitter can go on: everything that decides the chunks from here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// Where the next chunk begins.
    pub position: Position,
    /// How many bytes of text after it the last chunk covers.
    pub covered: usize,
    /// What the source is decoded from.
    pub choice: Choice,
}

/// A chunk just cut.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cut<'a> {
    /// Where it is.
    pub span: Span,
    /// What it says.
    pub text: &'a str,
}

impl Splitter {
    /// Starts a document.
    #[must_use]
    pub fn new(chunker: Chunker, decoding: Decoding) -> Self {
        let start = Place {
            position: Position::default(),
            covered: 0,
            choice: Choice::Start,
        };
        Self::resume(chunker, decoding, start)
    }

    /// Goes on at `place`, with the source from `place.position.source` on.
    #[must_use]
    pub fn resume(chunker: Chunker, decoding: Decoding, place: Place) -> Self {
        let Place {
            position,
            covered,
            choice,
        } = place;
        let decoder = Decoder::resume(decoding, choice, position.source);
        let window = Window::new(position, Self::window_bytes(&chunker));
        Self {
            decoder,
            window,
            chunker,
            covered,
            stage: Stage::Open,
        }
    }

    /// The most bytes of text that a splitter with this chunker holds.
    #[must_use]
    pub fn window_bytes(chunker: &Chunker) -> usize {
        chunker.horizon_bytes() + DECODED_BYTES_MAX
    }

    /// The most bytes of text that a chunk has.
    #[must_use]
    pub fn chunk_bytes_max(&self) -> usize {
        self.chunker.chunk_bytes_max()
    }

    /// Takes the first bytes of `source`, and returns how many: all, or none while chunks have to
    /// be taken out first, or a part. A fault is reported in its turn, by [`Splitter::next_chunk`].
    ///
    /// # Panics
    ///
    /// Panics after [`Splitter::finish`].
    pub fn feed(&mut self, source: &[u8]) -> usize {
        assert_ne!(self.stage, Stage::Finished, "fed after the end");
        let mut taken = 0;
        while taken < source.len() && self.stage == Stage::Open {
            match self.decoder.decode(&source[taken..], &mut self.window) {
                Ok(0) => return taken,
                Ok(more) => taken += more,
                Err(fault) => self.stage = Stage::Faulty(fault),
            }
        }
        // No caller needs the bytes after a fault.
        source.len()
    }

    /// Says that the source has ended.
    pub fn finish(&mut self) {
        if self.stage == Stage::Open {
            let finished = self.decoder.finish(&mut self.window);
            self.stage = finished.map_or_else(Stage::Faulty, |()| Stage::Finished);
        }
    }

    /// Cuts the next chunk; `None` until more has been fed, or after the last.
    ///
    /// # Errors
    ///
    /// Fails after the chunks that were decided before a fault, again each time.
    pub fn next_chunk(&mut self) -> Result<Option<Cut<'_>>, Fault> {
        loop {
            let Some(view) = self.view()? else {
                return Ok(None);
            };
            if let Some(end) = self.chunker.cut(view) {
                let is_last = view.is_end && end == view.text.len();
                return Ok(Some(self.take(end, is_last)));
            }
            // No room after the overlap: the chunk goes without. (If the source is another than
            // the checkpoint's, the place need not be between two characters.)
            let covered = view.text.floor_char_boundary(self.covered);
            let position = self.window.position(covered);
            self.window.advance(covered, position);
            self.covered = 0;
        }
    }

    /// Gives back what is not needed until more is fed. The text of the chunk cut last is gone then.
    pub fn rest(&mut self) {
        self.window.rest();
    }

    /// Where the next chunk begins.
    #[must_use]
    pub fn place(&self) -> Place {
        Place {
            position: self.window.start(),
            covered: self.covered,
            choice: self.decoder.choice(),
        }
    }

    /// The text that the last chunk covers after the place; none until it is there. If the source has
    /// ended within it, what there is.
    #[must_use]
    pub fn covered(&self) -> Option<&[u8]> {
        let text = self.window.text().as_bytes();
        let has_ended = self.stage != Stage::Open;
        (has_ended || self.covered <= text.len()).then(|| &text[..self.covered.min(text.len())])
    }

    /// Whether a fault that the policy rejects was found.
    #[must_use]
    pub fn is_faulty(&self) -> bool {
        matches!(self.stage, Stage::Faulty(_))
    }

    /// Whether the last chunk is out.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.stage == Stage::Finished && self.window.text().is_empty()
    }

    /// How many faults before that place became U+FFFD since this splitter was made.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.window.replaced()
    }

    /// What decides the next chunk, if it is all there.
    fn view(&self) -> Result<Option<View<'_>>, Fault> {
        let (text, features) = (self.window.text(), self.window.features());
        let horizon = self.chunker.horizon_bytes();
        if text.len() >= horizon {
            let text = &text[..text.floor_char_boundary(horizon)];
            return Ok(Some(View {
                text,
                features,
                is_end: false,
                covered: self.covered,
            }));
        }
        match self.stage {
            Stage::Open => Ok(None),
            Stage::Faulty(fault) => Err(fault),
            Stage::Finished if text.is_empty() => Ok(None),
            Stage::Finished => Ok(Some(View {
                text,
                features,
                is_end: true,
                covered: self.covered,
            })),
        }
    }

    /// Takes the first `bytes` bytes of the window as a chunk.
    fn take(&mut self, bytes: usize, is_last: bool) -> Cut<'_> {
        let end = self.window.position(bytes);
        let chunk = &self.window.text()[..bytes];
        let next = if is_last {
            bytes
        } else {
            self.chunker.next_start(chunk, self.window.features())
        };
        let position = if next == bytes {
            end
        } else {
            self.window.position(next)
        };
        let span = Span {
            start: self.window.start(),
            end,
        };
        self.window.advance(next, position);
        self.covered = bytes - next;
        Cut {
            span,
            text: &self.window.passed(next)[..bytes],
        }
    }
}
