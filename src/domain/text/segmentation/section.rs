//! A section of a text that is searched for places to cut at, with the properties that all finders share.

use std::cell::OnceCell;

use crate::domain::text::features::Features;
use crate::domain::text::white_space::{self, LOOK_AHEAD_BYTES};

/// The distance in bytes at which a separator may begin before the white space around the first place: a mark with
/// its quotes, brackets and reference marks.
const LOOK_BACK_BYTES: usize = 96;

/// The places from `floor` to `limit`, both inclusive, of a text. The text continues for at least
/// [`LOOK_AHEAD_BYTES`] after `limit`, unless it ends before.
#[derive(Debug)]
pub struct Section<'a> {
    /// The text, from a place where a grapheme cluster begins.
    pub text: &'a str,
    /// The first place.
    pub floor: usize,
    /// The last place.
    pub limit: usize,
    blank_start: OnceCell<usize>,
    features: Features,
    is_ascii: OnceCell<bool>,
    has_returns: OnceCell<bool>,
}

impl<'a> Section<'a> {
    /// Creates the section from `floor` to `limit` of `text`, which has these features.
    #[must_use]
    pub fn new(text: &'a str, features: Features, floor: usize, limit: usize) -> Self {
        debug_assert!(floor <= limit && limit <= text.len());
        Self {
            text,
            floor,
            limit,
            blank_start: OnceCell::new(),
            features,
            is_ascii: OnceCell::new(),
            has_returns: OnceCell::new(),
        }
    }

    /// Returns the start of the white space around the first place.
    #[must_use]
    pub fn blank_start(&self) -> usize {
        let find = || white_space::unskip(self.text, self.floor);
        *self.blank_start.get_or_init(find)
    }

    /// Returns the offset from which separators can lead to a place of the section. It may lie within a character.
    #[must_use]
    pub fn from(&self) -> usize {
        self.blank_start().saturating_sub(LOOK_BACK_BYTES)
    }

    /// Whether all bytes that finders read are ASCII.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        !self.features.has_wide || *self.is_ascii.get_or_init(|| self.bytes().is_ascii())
    }

    /// Whether any of these bytes is a carriage return.
    #[must_use]
    pub fn has_returns(&self) -> bool {
        let find = || memchr::memchr(b'\r', self.bytes()).is_some();
        self.features.has_controls && *self.has_returns.get_or_init(find)
    }

    /// Whether any of these bytes may be a form feed.
    #[must_use]
    pub fn has_pages(&self) -> bool {
        self.features.has_controls
    }

    /// Whether these bytes may have NEL, U+2028 or U+2029.
    #[must_use]
    pub fn has_wide_breaks(&self) -> bool {
        self.features.has_wide_breaks
    }

    fn bytes(&self) -> &'a [u8] {
        let through = self.text.len().min(self.limit + LOOK_AHEAD_BYTES);
        &self.text.as_bytes()[self.from()..through]
    }
}
