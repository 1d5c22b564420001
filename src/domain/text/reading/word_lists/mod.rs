//! Words that decide about a full stop: `abbreviations`, which do not end a sentence, and `starters`, which begin one.
//!
//! To add a word: a line in the list that fits, sorted by bytes, and a sentence with it in `tests/chunking/sentences`.

pub mod abbreviations;
pub mod starters;
