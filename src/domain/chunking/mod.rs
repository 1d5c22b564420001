//! Where chunks end.
//!
//! A [`partial`] spec has the fields that a user set; merged over a collection's it is a [`spec`].
//! A [`strategy`] turns that into a [`chunker`], which decides where one chunk ends by looking at a bounded stretch of text after
//! its start; the [`splitter`] walks it through a document.
//!
//! To add a strategy: a file under `strategies/` that makes a chunker, a variant in [`strategy`],
//! a golden file under `tests/chunking/golden`. The laws in `tests/chunking` run over it by
//! themselves.

pub mod chunker;
pub mod conflict;
pub mod limits;
pub mod packing;
pub mod partial;
pub mod separator_levels;
pub mod spec;
pub mod splitter;
pub mod strategies;
pub mod strategy;
