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

use crate::domain::chunking::limits::Limits;
use crate::domain::chunking::packing::{Packing, Pick};
use crate::domain::text::boundary::Boundary;
use crate::domain::text::grapheme;

/// Decides where chunks end, by a ladder of boundaries.
#[derive(Debug)]
pub struct Chunker {
    limits: Limits,
    packing: Packing,
    /// Best first. Grapheme clusters are understood below the last.
    ladder: Vec<Boundary>,
}

/// What a chunk's end is decided by.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The text from the chunk's start to the horizon or the text's end.
    pub text: &'a str,
    /// Whether the text ends there.
    pub is_end: bool,
    /// How many bytes of it the chunk before covers.
    pub covered: usize,
}

impl Chunker {
    /// Makes a chunker.
    #[must_use]
    pub fn new(limits: Limits, packing: Packing, ladder: Vec<Boundary>) -> Self {
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
            is_end,
            covered,
        } = view;
        let longest = self.limits.longest(text);
        if is_end && longest == text.len() {
            return Some(longest);
        }
        let limit = match grapheme::last_boundary(text, longest) {
            0 => longest,
            limit => limit,
        };
        if limit <= covered {
            return None;
        }
        let floor = self.limits.shortest(&text[..limit]);
        let floor = floor.max(text.ceil_char_boundary(covered + 1));
        if floor >= limit {
            return Some(limit);
        }
        let picked = self.ladder.iter().find_map(|boundary| {
            let mut pick = Pick::new(self.packing, text);
            boundary.find(text, floor, limit, &mut |place| pick.offer(place));
            pick.place()
        });
        Some(picked.unwrap_or_else(|| self.cut_between_clusters(text, floor, limit)))
    }

    /// Where in `chunk` the next one begins: at its end without overlap. The overlap is at least
    /// three quarters of what was asked where a boundary allows it, and never more than all.
    #[must_use]
    pub fn next_start(&self, chunk: &str) -> usize {
        if self.limits.overlap() == 0 {
            return chunk.len();
        }
        let start = self
            .limits
            .overlap_start(chunk)
            .max(chunk.ceil_char_boundary(1));
        let last = chunk.floor_char_boundary(start + (chunk.len() - start) / 4);
        let first_of = |boundary: &Boundary, last| {
            let mut first = None;
            boundary.find(chunk, start, last, &mut |place| {
                first = Some(first.map_or(place, |first: usize| first.min(place)));
            });
            first
        };
        // The best boundary near the start; else the first of the finest kind, a word's as a rule.
        let near = self
            .ladder
            .iter()
            .find_map(|boundary| first_of(boundary, last));
        let finest = || first_of(self.ladder.last()?, chunk.len());
        let place = near
            .or_else(finest)
            .or_else(|| first_of(&Boundary::Grapheme, chunk.len()));
        place.unwrap_or(chunk.len())
    }

    fn cut_between_clusters(&self, text: &str, floor: usize, limit: usize) -> usize {
        match self.packing {
            Packing::Full => limit,
            Packing::Stable => {
                let mut pick = Pick::new(self.packing, text);
                let offer = &mut |place| pick.offer(place);
                Boundary::Grapheme.find(text, floor, limit, offer);
                pick.place().unwrap_or(limit)
            }
        }
    }
}
