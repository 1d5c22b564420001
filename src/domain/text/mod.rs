//! Bytes become text, and every place in the text knows its byte in the source.
//!
//! The data passes the [`decoder`] (by [`utf8`], [`utf32`] or [`legacy`], as [`decoding`] says; users set
//! [`policy`] fields) and [`sink`] into the [`window`], which holds the undecided text with its
//! [`source_map`] and counts [`position`]s. Where no charset is declared, [`undecided`] chooses it: by
//! [`unmarked`], [`escapes`] and [`guess`]. [`looks`] names the charset that a source shows where the
//! declared one is wrong.
//! The [`encoder`] goes the other way, for a source that is made of its text again.
//!
//! [`boundary`] finds where a text may be cut, with [`separators`], [`sentence`], [`word`] and
//! [`grapheme`] as the finders, in a [`section`] with its [`features`]; a [`reading`] says at which of the places found a reader would cut. [`measure`] says how long a
//! text is.
//!
//! To add a boundary: a file with a finder that reports places in ascending order from a range of
//! text, looking at nothing but that text; a variant in [`boundary`]; a golden file under
//! `tests/chunking/golden`.

pub mod boundary;
pub mod charset;
pub mod decoder;
pub mod decoding;
pub mod encoder;
pub mod escapes;
pub mod features;
pub mod grapheme;
pub mod guess;
pub mod legacy;
pub mod looks;
pub mod measure;
pub mod policy;
pub mod position;
pub mod reading;
pub mod section;
pub mod sentence;
pub mod separators;
pub mod sink;
pub mod sniff;
pub mod source_map;
pub mod undecided;
pub mod unmarked;
pub mod utf32;
pub mod utf8;
pub mod white_space;
pub mod window;
pub mod word;
