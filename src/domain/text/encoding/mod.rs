//! Charsets: from the bytes of a source to text, and back.
//!
//! The [`decoder`] reads a source by [`utf8`], [`utf32`] or [`legacy`], as [`decoding`] defines, and writes through
//! the [`sink`] into the window. Users set [`policy`] fields. Where no charset is declared, [`detection`] chooses it.
//! The [`encoder`] rebuilds a source from its text.
//!
//! To add a charset that is not in the Encoding Standard: a variant in [`charset`], a file like [`utf32`], its arm in
//! the [`decoder`], and a case in `tests/chunking/charsets.rs`.

pub mod charset;
pub mod decoder;
pub mod decoding;
pub mod detection;
pub mod encoder;
pub mod legacy;
pub mod policy;
pub mod sink;
pub mod utf32;
pub mod utf8;
