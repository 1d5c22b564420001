//! Detects the charset of a source that declares none, and sources that are no text.
//!
//! [`undecided`] chooses the charset, by [`unmarked`] (UTF-16 and UTF-32), [`escapes`] (seven-bit charsets) and
//! [`guess`] (UTF-8 and legacy charsets). [`sniff`] detects binary formats. [`looks`] names the charset that a source
//! appears to be in if the declared one is wrong.
//!
//! To add a check: a file with a function of the first bytes alone, its place in [`undecided`], and a source in
//! `tests/chunking/undecided.rs`.

pub mod escapes;
pub mod guess;
pub mod likely_charset;
pub mod sniff;
pub mod undecided;
pub mod unmarked;
