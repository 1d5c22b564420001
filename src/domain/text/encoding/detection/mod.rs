//! Detects the charset of a source that declares none, and sources that are no text.
//!
//! [`undecided`] chooses the charset, by [`unmarked`] (UTF-16 and UTF-32), [`escapes`] (seven-bit charsets) and
//! [`guessed_charset`] (UTF-8 and legacy charsets). [`sniff`] detects binary formats. [`wrong_charset_hint`] names
//! the charset that a source appears to be in if the declared one is wrong.
//!
//! To add a charset: [`guessed_charset`] for one that extends ASCII, [`unmarked`] for units of 16 or 32 bits.
//!
//! To add a check: a file with a function of the first bytes alone, its place in [`undecided`], and a source in
//! `tests/chunking/undecided.rs`.

pub mod escapes;
pub mod guessed_charset;
pub mod sniff;
pub mod undecided;
pub mod unmarked;
pub mod wrong_charset_hint;
