//! Where one chunk ends.
//!
//! # Laws
//!
//! - The end depends on the [`View`] alone: the text from the chunk's start to the horizon, and how
//!   much of that the chunk before covers. Nothing else is kept, so a document can be cut at any
//!   byte, stopped and gone on with, and its chunks are the same.
//! - The view is as long as [`Chunker::horizon_bytes`] unless the text ends before, so what arrives
//!   when makes no difference.
//! - A chunk ends after what the one before covers; its size is within the limits; it ends between
//!   two grapheme clusters unless the first one alone is too large.

use std::sync::Arc;

use crate::domain::chunking::limits::Limits;
use crate::domain::chunking::packing::{Packing, Pick};
use crate::domain::text::boundary::Boundary;
use crate::domain::text::features::Features;
use crate::domain::text::grapheme;
use crate::domain::text::reading::syllable;
use crate::domain::text::section::Section;

/// Decides where chunks end, by a ladder of boundaries.
#[derive(Debug)]
pub struct Chunker {
    limits: Limits,
    packing: Packing,
    /// Best first. Grapheme clusters are understood below the last.
    ladder: Arc<[Boundary]>,
}

/// What a chunk's end is decided by.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The text from the chunk's start to the horizon or the text's end.
    pub text: &'a str,
    /// The features of the text. Those that it lacks may be set, so they decide nothing.
    pub features: Features,
    /// Whether the text ends there.
    pub is_end: bool,
    /// How many bytes of it the chunk before covers.
    pub covered: usize,
}

impl Chunker {
    /// Makes a chunker.
    #[must_use]
    pub fn new(limits: Limits, packing: Packing, ladder: Arc<[Boundary]>) -> Self {
        Self {
            limits,
            packing,
            ladder,
        }
    }

    /// The most bytes of text that a chunk has.
    #[must_use]
    pub fn chunk_bytes_max(&self) -> usize {
        self.limits.chunk_bytes_max()
    }

    /// How much text after a chunk's start decides where it ends, in bytes.
    #[must_use]
    pub fn horizon_bytes(&self) -> usize {
        self.limits.horizon_bytes()
    }

    /// How long the chunk at the view's start is, in bytes; `None` if a cluster that is too long to
    /// follow the overlap stands next, so that the chunk must begin where the one before ends.
    #[must_use]
    pub fn cut(&self, view: View<'_>) -> Option<usize> {
        let View {
            text,
            features,
            is_end,
            covered,
        } = view;
        let longest = self.limits.longest(text);
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
        let floor = self.limits.shortest(&text[..limit]);
        // White space that the text begins with is joined to what follows, where that fits.
        let floor = floor
            .max(text.ceil_char_boundary(covered + 1))
            .max(after_blank_start(text));
        let limit = if is_end {
            before_blank_end(text, floor, limit)
        } else {
            limit
        };
        if floor >= limit {
            return Some(limit);
        }
        Some(self.pick(&Section::new(text, features, floor, limit)))
    }

    /// The best place of a section.
    fn pick(&self, section: &Section<'_>) -> usize {
        let text = section.text;
        let pick = |boundary: &Boundary, is_read: bool| {
            let mut pick = Pick::new(self.packing, text);
            boundary.find(section, &mut |place| pick.offer(place));
            pick.place(|place| !is_read || !boundary.tears(text, place))
        };
        let best = || self.ladder.iter().find_map(|boundary| pick(boundary, true));
        // Rather between two words that belong together than within one, and within one rather after a letter.
        let finest = || self.ladder.last().and_then(|words| pick(words, false));
        best()
            .or_else(finest)
            .unwrap_or_else(|| self.cut_between_clusters(section))
    }

    /// Where in `chunk` the next one begins: at its end without overlap. The overlap is at least
    /// three quarters of what was asked where a boundary allows it, and never more than all. The features decide nothing.
    #[must_use]
    pub fn next_start(&self, chunk: &str, features: Features) -> usize {
        if self.limits.overlap() == 0 {
            return chunk.len();
        }
        let start = self
            .limits
            .overlap_start(chunk)
            .max(chunk.ceil_char_boundary(1));
        let last = chunk.floor_char_boundary(start + (chunk.len() - start) / 4);
        let near = Section::new(chunk, features, start, last);
        let whole = Section::new(chunk, features, start, chunk.len());
        let first_of = |boundary: &Boundary, section: &Section<'_>, is_read: bool| {
            let mut first = None;
            boundary.find(section, &mut |place| {
                let is_earlier = first.is_none_or(|first| place < first);
                if is_earlier && !(is_read && boundary.tears(chunk, place)) {
                    first = Some(place);
                }
            });
            first
        };
        // The best boundary near the start; else the first of the finest kind, a word's as a rule.
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
            let mut pick = Pick::new(self.packing, text);
            Boundary::Grapheme.find(section, &mut |place| pick.offer(place));
            pick.place(|place| !is_read || !Boundary::Grapheme.tears(text, place))
        };
        let read = (!self.ladder.is_empty()).then(|| pick(true)).flatten();
        read.or_else(|| pick(false)).unwrap_or(limit)
    }
}

/// The first place where a text that begins with white space is not blank.
fn after_blank_start(text: &str) -> usize {
    match text.chars().next() {
        Some(first) if first.is_whitespace() => {
            let blank = text.len() - text.trim_start().len();
            text.ceil_char_boundary(blank + 1)
        }
        _ => 0,
    }
}

/// The limit of a chunk behind which the text ends with white space alone: before its last character that is none, so that
/// the last chunk is not blank. The chunk keeps its limit if it would be too small.
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

/// How many clusters a syllable of Burmese has at most.
const SYLLABLE_CLUSTERS: usize = 8;

/// The last place not after `at` where a cluster begins that is no part of the syllable before.
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
