//! Applies a chunker to a document that arrives in pieces.

use crate::domain::chunking::chunker::Chunker;
use crate::domain::chunking::cut::{Cut, ResumePoint};
use crate::domain::chunking::open_parents::OpenParents;
use crate::domain::chunking::tokens::cache::CountCache;
use crate::domain::chunking::tokens::counter::Counter;
use crate::domain::chunking::view::View;
use crate::domain::structure::blocks;
use crate::domain::structure::tracker::{Structure, Tracker};
use crate::domain::text::encoding::decoder::{Choice, DECODED_BYTES_MAX, Decoder};
use crate::domain::text::encoding::decoding::{Decoding, Fault};
use crate::domain::text::position::{Position, Span};
use crate::domain::text::window::Window;

/// The bytes that a tokenizer holds for each token of a text while it counts them.
const COUNTED_TOKEN_BYTES: usize = 256;

/// Splits the bytes of a document into chunks. Holds at most [`Splitter::window_bytes`] of text.
///
/// ```
/// use sluice::domain::chunking::{loaded_spec::LoadedSpec, splitter::Splitter};
/// use sluice::domain::text::encoding::decoding::Decoding;
///
/// let mut splitter = Splitter::new(LoadedSpec::default().chunker(), Decoding::default());
/// let taken = splitter.feed(b"A short document.");
/// assert_eq!(taken, 17);
/// splitter.finish();
/// let chunk = splitter.next_chunk()?.expect("there is one");
/// assert_eq!(chunk.text, "A short document.");
/// assert!(splitter.next_chunk()?.is_none());
/// # Ok::<(), sluice::domain::text::encoding::decoding::Fault>(())
/// ```
#[derive(Debug)]
pub struct Splitter {
    decoder: Decoder,
    window: Window,
    chunker: Chunker,
    /// The bytes of text after the window's start that the last chunk covers: its overlap.
    covered: usize,
    /// The blocks of the window, if the strategy has any.
    tracker: Option<Tracker>,
    parents: OpenParents,
    /// The tokens of the window, as far as they are counted.
    counts: CountCache,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Open,
    /// The source has ended. The window holds the rest of the text.
    Finished,
    /// A fault follows the text in the window.
    Faulty(Fault),
}

impl Splitter {
    /// Starts a document.
    #[must_use]
    pub fn new(chunker: Chunker, decoding: Decoding) -> Self {
        let start = ResumePoint {
            position: Position::default(),
            covered: 0,
            choice: Choice::Start,
            structure: None,
            parents: OpenParents::default(),
        };
        Self::resume(chunker, decoding, start)
    }

    /// Resumes at `place`, with the source from `place.position.source` on.
    #[must_use]
    pub fn resume(chunker: Chunker, decoding: Decoding, place: ResumePoint) -> Self {
        let ResumePoint {
            position,
            covered,
            choice,
            structure,
            parents,
        } = place;
        let tracker = chunker.format().map(|format| {
            let started = || Tracker::new(format);
            structure.map_or_else(started, |place| Tracker::resume(*place))
        });
        let decoder = Decoder::resume(decoding, choice, position.source);
        let window = Window::new(position, Self::window_bytes(&chunker));
        Self {
            decoder,
            window,
            chunker,
            covered,
            tracker,
            parents,
            counts: CountCache::default(),
            stage: Stage::Open,
        }
    }

    /// Returns the most bytes of text that a splitter with this chunker holds.
    #[must_use]
    pub fn window_bytes(chunker: &Chunker) -> usize {
        chunker.horizon_bytes() + DECODED_BYTES_MAX
    }

    /// Returns the most bytes that the marks of blocks take with this chunker.
    #[must_use]
    pub fn marks_bytes(chunker: &Chunker) -> usize {
        let horizon = chunker.horizon_bytes();
        chunker.format().map_or(0, |_| blocks::bytes_max(horizon))
    }

    /// Returns the most bytes that counts of tokens take with this chunker: those that are kept, and what a tokenizer
    /// holds while it counts a chunk.
    #[must_use]
    pub fn counts_bytes(chunker: &Chunker) -> usize {
        let horizon = chunker.horizon_bytes();
        let tokens = chunker.chunk_tokens_max().map(|tokens| {
            let tokens = tokens.min(chunker.chunk_bytes_max());
            CountCache::bytes_max(horizon) + tokens * COUNTED_TOKEN_BYTES
        });
        tokens.unwrap_or(0)
    }

    /// Returns the most bytes of text that a chunk has.
    #[must_use]
    pub fn chunk_bytes_max(&self) -> usize {
        self.chunker.chunk_bytes_max()
    }

    /// Takes the first bytes of `source`, and returns their number. The number is 0 while chunks must be taken out
    /// first, and may be less than all. A fault is reported in order, by [`Splitter::next_chunk`].
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

    /// Marks the end of the source.
    pub fn finish(&mut self) {
        if self.stage == Stage::Open {
            let finished = self.decoder.finish(&mut self.window);
            self.stage = finished.map_or_else(Stage::Faulty, |()| Stage::Finished);
        }
    }

    /// Cuts the next chunk. Returns `None` if more must be fed, or after the last chunk.
    ///
    /// # Errors
    ///
    /// Fails after the chunks that were decided before a fault. Each later call fails too.
    pub fn next_chunk(&mut self) -> Result<Option<Cut<'_>>, Fault> {
        loop {
            let Some((text_bytes, is_end)) = self.view_bytes()? else {
                return Ok(None);
            };
            if let Some(tracker) = &mut self.tracker {
                tracker.read(&self.window.text()[..text_bytes], is_end);
            }
            let begun = self.begin_parents(text_bytes, is_end);
            let limit = self.parents.innermost(self.chunker.parents().len());
            let view = self.view(&self.chunker, limit, text_bytes, is_end);
            if let Some(end) = self.chunker.cut(view) {
                return Ok(Some(self.take(end, text_bytes, is_end, begun)));
            }
            // The next cluster does not fit after the overlap, so the chunk has no overlap. (If the source differs
            // from the checkpoint's, the place may be within a character.)
            let covered = view.text.floor_char_boundary(self.covered);
            let position = self.window.position(covered);
            self.advance(covered, position, text_bytes, is_end);
            self.covered = 0;
        }
    }

    /// Frees memory that is not needed until more is fed. The text of the last chunk is then gone.
    pub fn rest(&mut self) {
        self.window.rest();
        self.counts.clear();
        if let Some(tracker) = &mut self.tracker {
            tracker.rest();
        }
    }

    /// Returns the start of the next chunk.
    #[must_use]
    pub fn position(&self) -> Position {
        self.window.start()
    }

    /// Returns the charset that the source is decoded from, as far as known.
    #[must_use]
    pub fn choice(&self) -> Choice {
        self.decoder.choice()
    }

    /// Returns the start of the next chunk, with the state to resume there.
    #[must_use]
    pub fn place(&self) -> ResumePoint {
        ResumePoint {
            position: self.window.start(),
            covered: self.covered,
            choice: self.decoder.choice(),
            structure: self
                .tracker
                .as_ref()
                .map(|tracker| Box::new(tracker.place().clone())),
            parents: self.parents,
        }
    }

    /// Returns the text after the place that the last chunk covers, or `None` until all of it has arrived. If the
    /// source has ended within it, returns the available part.
    #[must_use]
    pub fn covered(&self) -> Option<&[u8]> {
        let text = self.window.text().as_bytes();
        let has_ended = self.stage != Stage::Open;
        (has_ended || self.covered <= text.len()).then(|| &text[..self.covered.min(text.len())])
    }

    /// Whether the splitter has found a fault that the policy rejects.
    #[must_use]
    pub fn is_faulty(&self) -> bool {
        matches!(self.stage, Stage::Faulty(_))
    }

    /// Whether the last chunk has been returned.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.stage == Stage::Finished && self.window.text().is_empty()
    }

    /// Returns the number of faults before the place that were replaced by U+FFFD since this splitter was created.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.window.replaced()
    }

    /// Returns the bytes of the view that decides the next chunk, and whether the text ends there. Returns `None` if
    /// the view is not complete.
    fn view_bytes(&self) -> Result<Option<(usize, bool)>, Fault> {
        let text = self.window.text();
        let horizon = self.chunker.horizon_bytes();
        let view = match self.stage {
            _ if text.len() >= horizon => Some((text.floor_char_boundary(horizon), false)),
            Stage::Open => None,
            Stage::Faulty(fault) => return Err(fault),
            Stage::Finished => Some((text.len(), true)),
        };
        if let Some((bytes, is_end)) = view {
            self.check_parents(&text[..bytes], is_end)?;
        }
        Ok(view.filter(|(bytes, _)| *bytes > 0))
    }

    /// Checks that the open parents can end in the text. After a resume with another source they may not.
    fn check_parents(&self, text: &str, is_end: bool) -> Result<(), Fault> {
        let ends = self.parents.ends();
        let fits = |end: usize| text.is_char_boundary(end) || (end > text.len() && !is_end);
        if ends.into_iter().all(fits) {
            return Ok(());
        }
        let offset = self.position().source;
        Err(Fault::Changed { offset })
    }

    /// Decides where the parents end that begin at the start. Returns the number of their levels.
    fn begin_parents(&mut self, text_bytes: usize, is_end: bool) -> usize {
        let levels = self.chunker.parents().len();
        let open = self.parents.open(levels);
        for level in open..levels {
            let limit = self.parents.innermost(level);
            let chunker = &self.chunker.parents()[level];
            let view = self.view(chunker, limit, text_bytes, is_end);
            let bytes = chunker.cut(view).unwrap_or(view.text.len());
            let tokens = view.counter.map(|counter| number_of_tokens(counter, bytes));
            self.parents.begin(level, bytes, tokens);
        }
        levels - open
    }

    /// Returns the view of a level's chunker: up to the level's horizon, or the end of the parent that ends `limit`
    /// bytes after the start.
    fn view<'a>(
        &'a self,
        chunker: &Chunker,
        limit: Option<usize>,
        text_bytes: usize,
        is_end: bool,
    ) -> View<'a> {
        let text = &self.window.text()[..text_bytes];
        let blocks = self.tracker.as_ref().map(Tracker::blocks);
        let horizon = text.floor_char_boundary(chunker.level_horizon_bytes());
        let bytes = limit.unwrap_or(usize::MAX).min(horizon);
        let is_whole = bytes == text.len();
        View {
            text: &text[..bytes],
            features: self.window.features(),
            is_end: (is_whole && is_end) || limit == Some(bytes),
            covered: self.covered,
            blocks: blocks.map(|blocks| {
                if is_whole {
                    blocks
                } else {
                    blocks.before(bytes)
                }
            }),
            counter: self.counter(&text[..bytes]),
        }
    }

    /// Returns a counter of a text at the start. `None` means that nothing is measured in tokens.
    fn counter<'a>(&'a self, text: &'a str) -> Option<Counter<'a>> {
        let tokenizer = self.chunker.tokenizer()?;
        let start = self.window.start().byte;
        Some(Counter::new(&**tokenizer, &self.counts, text, start))
    }

    /// Takes the first `bytes` bytes of a view as a chunk.
    fn take(&mut self, bytes: usize, view_bytes: usize, is_end: bool, begun: usize) -> Cut<'_> {
        let end = self.window.position(bytes);
        let text = &self.window.text()[..view_bytes];
        let tracker = self.tracker.as_ref();
        let structure = match tracker {
            Some(tracker) => {
                let mut last = self.window.start();
                tracker.structure(text, self.covered, bytes, |place| {
                    last = self.window.position_from(last, place);
                    last
                })
            }
            None => Structure::without_blocks(&text[..bytes]),
        };
        let ended = self.parents.ended(bytes);
        let counter = self.counter(text);
        let tokens = counter.map(|counter| number_of_tokens(counter, bytes));
        let parent_tokens = self.parents.tokens();
        let next = if ended > 0 || (is_end && bytes == view_bytes) {
            bytes
        } else {
            let view = View {
                text,
                features: self.window.features(),
                is_end,
                covered: self.covered,
                blocks: tracker.map(Tracker::blocks),
                counter,
            };
            self.chunker.next_start(view, bytes)
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
        self.advance(next, position, view_bytes, is_end);
        let covered = std::mem::replace(&mut self.covered, bytes - next);
        Cut {
            span,
            text: &self.window.passed(next)[..bytes],
            covered,
            structure,
            begun,
            ended,
            tokens,
            parent_tokens,
        }
    }

    /// Moves the start by the first `bytes` bytes of a view; `position` is that place.
    fn advance(&mut self, bytes: usize, position: Position, view_bytes: usize, is_end: bool) {
        if let Some(tracker) = &mut self.tracker {
            tracker.advance(bytes, &self.window.text()[..view_bytes], is_end);
        }
        self.parents.advance(bytes);
        self.window.advance(bytes, position);
        self.counts.drop_before(position.byte);
    }
}

/// Returns the number of tokens of the first `bytes` bytes, which a limit keeps far below the largest number.
fn number_of_tokens(counter: Counter<'_>, bytes: usize) -> u32 {
    u32::try_from(counter.count(0, bytes)).unwrap_or(u32::MAX)
}
