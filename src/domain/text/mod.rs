//! Decodes bytes to text, in which every place has its offset in the source.
//!
//! The data passes the [`decoder`] (by [`utf8`], [`utf32`] or [`legacy`], as [`decoding`] defines; users set
//! [`policy`] fields) and [`sink`] into the [`window`], which holds the undecided text with its [`source_map`] and
//! counts [`position`]s. Where no charset is declared, [`undecided`] chooses it, by [`unmarked`], [`escapes`] and
//! [`guess`]. [`looks`] names the charset that a source appears to be in if the declared one is wrong. The
//! [`encoder`] rebuilds a source from its text.
//!
//! [`boundary`] finds the places of a [`section`] where a text may be cut, with the finders [`separators`],
//! [`sentence`], [`word`] and [`grapheme`]. [`features`] tell them which characters to leave out. A [`reading`] decides
//! at which of these places a reader would cut. [`measure`] computes the length of a text.
//!
//! To add a boundary: a file with a finder that reports places in ascending order from a range of text, and depends
//! on that text alone; a variant in [`boundary`]; and a golden file under `tests/chunking/golden`.

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
