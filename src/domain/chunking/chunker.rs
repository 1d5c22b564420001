//! Decides where one chunk ends.
//!
//! # Laws
//!
//! - The end depends on the [`View`] alone: the text from the chunk's start to the horizon, and the part of it that
//!   the chunk before covers. Nothing else is kept. So a document can be cut, stopped and resumed at any byte, and
//!   its chunks are the same.
//! - The view is as long as [`Chunker::horizon_bytes`] unless the text ends before, so the timing of the input makes
//!   no difference.
//! - A chunk ends after the text that the one before covers. Its size is within the limits. It ends between two
//!   grapheme clusters unless the first one alone is too large.
//! - Limits in tokens hold for the tokens of the chunk's text alone. A proposed end adds up the counts of parts, so it is
//!   checked, and moved forward while it exceeds the limit.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::domain::chunking::packing::{Packing, Pick};
use crate::domain::chunking::sizing::{Excess, Sizing};
use crate::domain::chunking::structured::{Last, Places};
use crate::domain::chunking::tokens::tokenizer::SharedTokenizer;
use crate::domain::chunking::view::View;
use crate::domain::structure::blocks::Form;
use crate::domain::structure::format::Format;
use crate::domain::structure::line;
use crate::domain::text::features::Features;
use crate::domain::text::reading::syllable;
use crate::domain::text::segmentation::boundary::Boundary;
use crate::domain::text::segmentation::grapheme;
use crate::domain::text::segmentation::section::Section;
use crate::domain::text::white_space;

/// The most proposed ends of a chunk. Each after the first few halves the chunk, and the largest chunk has 2^19 bytes.
const PROPOSALS_MAX: usize = 24;
/// The proposals that are moved by the tokens that exceed the limit, before they are halved.
const MOVED_PROPOSALS: usize = 4;
/// The most starts of an overlap that are checked. Without one that fits there is no overlap.
const STARTS_MAX: usize = 3;
/// The part of an overlap that is dropped if it has too many tokens: 1/8.
const START_STEP: usize = 8;

/// Decides where chunks end, by a ladder of boundaries.
#[derive(Debug)]
pub struct Chunker {
    sizing: Sizing,
    packing: Packing,
    /// The boundaries, best first. Grapheme clusters are implied below the last.
    ladder: Arc<[Boundary]>,
    /// The format whose blocks the views have.
    format: Option<Format>,
    /// The chunkers of the parents, coarse to fine.
    parents: Vec<Self>,
}

impl Chunker {
    /// Creates a chunker.
    #[must_use]
    pub fn new(
        sizing: Sizing,
        packing: Packing,
        ladder: Arc<[Boundary]>,
        format: Option<Format>,
    ) -> Self {
        Self {
            sizing,
            packing,
            ladder,
            format,
            parents: Vec::new(),
        }
    }

    /// Returns the chunker for chunks inside parents, which `parents` cut, coarse to fine.
    #[must_use]
    pub fn inside(self, parents: Vec<Self>) -> Self {
        Self { parents, ..self }
    }

    /// Returns the chunkers of the parents, coarse to fine.
    #[must_use]
    pub fn parents(&self) -> &[Self] {
        &self.parents
    }

    /// Returns the format whose blocks its views must have, if any.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        self.format
    }

    /// Returns the tokenizer, if anything is measured in tokens.
    #[must_use]
    pub fn tokenizer(&self) -> Option<&SharedTokenizer> {
        self.sizing.tokenizer()
    }

    /// Returns the most tokens of a chunk or parent. `None` means that nothing is measured in tokens.
    #[must_use]
    pub fn chunk_tokens_max(&self) -> Option<usize> {
        let parents = self.parents.iter().map(|parent| &parent.sizing);
        let levels = std::iter::once(&self.sizing).chain(parents);
        levels
            .filter_map(|sizing| sizing.limits().chunk_tokens_max())
            .max()
    }

    /// Returns the most bytes of text that a chunk has.
    #[must_use]
    pub fn chunk_bytes_max(&self) -> usize {
        self.sizing.limits().chunk_bytes_max()
    }

    /// Returns the bytes of text after a chunk's start that decide where it and its parents end.
    #[must_use]
    pub fn horizon_bytes(&self) -> usize {
        let parents = self.parents.iter().map(Self::level_horizon_bytes);
        parents.fold(self.level_horizon_bytes(), usize::max)
    }

    /// Returns the bytes of text after a chunk's start that decide where it ends, inside its parents.
    #[must_use]
    pub fn level_horizon_bytes(&self) -> usize {
        let horizon = self.sizing.limits().horizon_bytes();
        if self.format.is_some() {
            // A block that begins before the limit may be as long as a chunk.
            horizon + self.chunk_bytes_max() + line::LOOK_AHEAD_BYTES
        } else {
            horizon
        }
    }

    /// Returns the length in bytes of the chunk at the view's start. Returns `None` if the next cluster is too long
    /// to follow the overlap; the chunk must then begin where the one before ends.
    #[must_use]
    pub fn cut(&self, view: View<'_>) -> Option<usize> {
        // One character has no more tokens than any limit, so a chunk of it always fits.
        let first = view.text.ceil_char_boundary(1);
        let proposed = self.sizing.prefixes(view.text, view.counter);
        let mut prefixes = *proposed.start()..=(*proposed.end()).max(first);
        for proposals in 0..PROPOSALS_MAX {
            let end = self.propose(view, &prefixes)?;
            let excess = self.sizing.excess(&view.text[..end], view.counter);
            let Some(Excess { tokens, most }) = excess else {
                return Some(end);
            };
            let fitting = if proposals < MOVED_PROPOSALS {
                // In proportion, and at least one byte.
                (end - 1).min(end * most / tokens)
            } else {
                end / 2
            };
            let longest = view.text.floor_char_boundary(fitting).max(first);
            prefixes = (*prefixes.start()).min(longest)..=longest;
        }
        (first > view.covered).then_some(first)
    }

    /// Returns the best end within the limits of `prefixes`. Returns `None` as [`Chunker::cut`] does.
    fn propose(&self, view: View<'_>, prefixes: &RangeInclusive<usize>) -> Option<usize> {
        let View {
            text,
            features,
            is_end,
            covered,
            blocks,
            counter: _,
        } = view;
        let longest = *prefixes.end();
        if is_end && longest == text.len() {
            return Some(longest);
        }
        let limit = match last_syllable(text, longest) {
            0 => longest,
            limit => limit,
        };
        if limit <= covered {
            return None;
        }
        // White space at the start of the text is joined to the text after it, if that fits.
        let floor = limit
            .min(*prefixes.start())
            .max(text.ceil_char_boundary(covered + 1))
            .max(after_blank_start(text));
        let limit = if is_end {
            before_blank_end(text, floor, limit)
        } else {
            limit
        };
        let Some(blocks) = blocks else {
            return Some(self.pick_within(text, features, floor, limit));
        };
        let places = Places::new(blocks, text, limit);
        match places.last(view, &self.sizing) {
            Last::WithoutOverlap => None,
            Last::Limit => Some(self.pick_block(view, places, floor, limit)),
            Last::Unit(start) => {
                let places = Places::new(blocks, text, start);
                Some(self.pick_block(view, places, floor.min(start), start))
            }
        }
    }

    fn pick_within(&self, text: &str, features: Features, floor: usize, limit: usize) -> usize {
        if floor >= limit {
            return limit;
        }
        self.pick(&Section::new(text, features, floor, limit))
    }

    /// Returns the best place between blocks, or within a block if no block begins in reach.
    fn pick_block(&self, view: View<'_>, places: Places<'_>, floor: usize, limit: usize) -> usize {
        if let Some(rank) = places.best_rank(floor) {
            let mut pick = Pick::new(self.packing, view.text);
            let best = places
                .boundaries(floor)
                .filter(|(_, mark)| mark.rank == rank);
            best.for_each(|(place, _)| pick.offer(place));
            return pick.take(|_| true).unwrap_or(limit);
        }
        if floor >= limit || places.ends_with_block(view.text, floor) {
            return limit;
        }
        let section = Section::new(view.text, view.features, floor, limit);
        // A small chunk is better than a cut within a word. A heading that does not fit is cut like other text.
        let before = || places.last_before(floor, view.covered);
        self.pick_within_block(&section, places)
            .or_else(before)
            .unwrap_or_else(|| self.pick(&section))
    }

    /// Returns the best place within blocks that may be cut: between sentences of text, between lines of code and
    /// tables, otherwise between lines or words of any.
    fn pick_within_block(&self, section: &Section<'_>, places: Places<'_>) -> Option<usize> {
        let [sentence, line, word] = &*self.ladder else {
            return None;
        };
        let pick = |boundary: &Boundary, is_read: bool, accepts: fn(Form) -> bool| {
            let mut pick = Pick::new(self.packing, section.text);
            boundary.find(section, &mut |place| {
                if places.form_at(place).is_some_and(accepts) {
                    pick.offer(place);
                }
            });
            pick.take(|place| !is_read || !boundary.tears(section.text, place))
        };
        pick(sentence, true, |form| !form.is_whole())
            .or_else(|| pick(line, false, Form::is_whole))
            .or_else(|| pick(line, true, |_| true))
            .or_else(|| pick(word, true, |_| true))
    }

    /// Returns the best place of a section.
    fn pick(&self, section: &Section<'_>) -> usize {
        let text = section.text;
        let mut places = Pick::new(self.packing, text);
        let mut pick = |boundary: &Boundary, is_read: bool| {
            boundary.find(section, &mut |place| places.offer(place));
            places.take(|place| !is_read || !boundary.tears(text, place))
        };
        let mut ladder = self.ladder.iter();
        let best = ladder.find_map(|boundary| {
            let may_be = boundary.may_be_in(section);
            may_be.then(|| pick(boundary, true)).flatten()
        });
        // A cut between two words that belong together is better than one within a word.
        let finest = || self.ladder.last().and_then(|words| pick(words, false));
        best.or_else(finest)
            .unwrap_or_else(|| self.cut_between_clusters(section))
    }

    /// Returns the start of the next chunk within the chunk of the first `end` bytes of the view, which is its end without
    /// overlap. The overlap is at least three quarters of the requested size if a boundary allows it, and never more
    /// than all.
    #[must_use]
    pub fn next_start(&self, view: View<'_>, end: usize) -> usize {
        if self.sizing.limits().overlap() == 0 {
            return end;
        }
        let chunk = &view.text[..end];
        let mut start = self.sizing.overlap_start(chunk, view.counter);
        for _ in 0..STARTS_MAX {
            let place = self.start_from(view, end, start);
            if self.sizing.may_repeat(chunk, place, view.counter) {
                return place;
            }
            start = chunk.ceil_char_boundary(place + (end - place).div_ceil(START_STEP));
        }
        end
    }

    /// Returns the best start of the next chunk from `start` on.
    fn start_from(&self, view: View<'_>, end: usize, start: usize) -> usize {
        let View {
            text,
            features,
            blocks,
            ..
        } = view;
        let chunk = &text[..end];
        let start = start.max(chunk.ceil_char_boundary(1));
        let places = blocks.map(|blocks| Places::new(blocks, text, end));
        // A chunk repeats no text of another section.
        let section = blocks.and_then(|blocks| blocks.last_section(chunk.len()));
        let start = start.max(section.unwrap_or(0));
        let last = chunk.floor_char_boundary(start + (chunk.len() - start) / 4);
        if let Some(place) = places.and_then(|places| places.first_block(start, last)) {
            return place;
        }
        let near = Section::new(chunk, features, start, last);
        let whole = Section::new(chunk, features, start, chunk.len());
        let first_of = |boundary: &Boundary, section: &Section<'_>, is_read: bool| {
            let mut first = None;
            boundary.find(section, &mut |place| {
                let is_earlier = first.is_none_or(|first| place < first);
                let may_begin = || places.is_none_or(|places| places.form_at(place).is_some());
                if is_earlier && may_begin() && !(is_read && boundary.tears(chunk, place)) {
                    first = Some(place);
                }
            });
            first
        };
        // Take the best boundary near the start, otherwise the first of the finest kind, usually a word.
        let mut ladder = self.ladder.iter();
        let best = ladder.find_map(|boundary| first_of(boundary, &near, true));
        let finest = |is_read| first_of(self.ladder.last()?, &whole, is_read);
        let place = best
            .or_else(|| finest(true))
            .or_else(|| finest(false))
            .or_else(|| first_of(&Boundary::Grapheme, &whole, false));
        place.unwrap_or(chunk.len())
    }

    fn cut_between_clusters(&self, section: &Section<'_>) -> usize {
        let Section { text, limit, .. } = *section;
        if self.packing == Packing::Full && self.ladder.is_empty() {
            return limit;
        }
        let pick = |is_read: bool| {
            let mut places = Pick::new(self.packing, text);
            Boundary::Grapheme.find(section, &mut |place| places.offer(place));
            places.take(|place| !is_read || !Boundary::Grapheme.tears(text, place))
        };
        let read = (!self.ladder.is_empty()).then(|| pick(true)).flatten();
        read.or_else(|| pick(false)).unwrap_or(limit)
    }
}

/// Returns the first place where a text that begins with white space is not blank.
fn after_blank_start(text: &str) -> usize {
    match text.chars().next() {
        Some(first) if first.is_whitespace() => {
            let blank = text.len() - white_space::trim_start(text).len();
            text.ceil_char_boundary(blank + 1)
        }
        _ => 0,
    }
}

/// Returns the limit of a chunk if only white space follows the limit: before the last character that is not white
/// space, so that the last chunk is not blank. The limit stays if the chunk would be too small.
fn before_blank_end(text: &str, floor: usize, limit: usize) -> usize {
    if !text[limit..].chars().all(char::is_whitespace) {
        return limit;
    }
    let shown = text[..limit].trim_end();
    let last = shown.chars().next_back().map_or(0, char::len_utf8);
    match grapheme::last_boundary(text, shown.len() - last) {
        place if place >= floor => place,
        _ => limit,
    }
}

/// The most clusters that a Burmese syllable has.
const SYLLABLE_CLUSTERS: usize = 8;

/// Returns the last place not after `at` where a cluster begins that is not part of the syllable before.
fn last_syllable(text: &str, at: usize) -> usize {
    let last = grapheme::last_boundary(text, at);
    let mut place = last;
    for _ in 0..SYLLABLE_CLUSTERS {
        if place == 0 {
            break;
        }
        if !syllable::tears(text, place) {
            return place;
        }
        place = grapheme::last_boundary(text, text.floor_char_boundary(place - 1));
    }
    last
}
