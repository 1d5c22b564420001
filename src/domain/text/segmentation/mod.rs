//! Finds the places where a text may be cut: after separators, sentences, words and grapheme clusters.
//!
//! A [`boundary`] names the kind of place. Its finder, [`separators`], [`sentence`], [`word`] or [`grapheme`],
//! searches a range of a [`section`]. A [`needle`] is one of the separators. The [reading](super::reading) of the
//! text around a place decides about it.
//!
//! To add a boundary: a file with a finder that reports places in ascending order from a range of text, and depends
//! on that text alone; a variant in [`boundary`]; and a golden file under `tests/chunking/golden`.

pub mod boundary;
pub mod grapheme;
pub mod needle;
pub mod section;
pub mod sentence;
pub mod separators;
pub mod word;
