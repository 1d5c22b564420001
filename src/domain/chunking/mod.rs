//! Decides where chunks end.
//!
//! A [`partial`] spec has the fields that a user set; merged with a collection's fields it becomes a [`spec`]. A
//! [`strategy`] turns the spec into a [`chunker`], which reads a bounded stretch of text after a chunk's start and
//! decides where the chunk ends. The [`splitter`] applies it to a whole document.
//!
//! To add a strategy: a file under `strategies/` that creates a chunker, a variant in [`strategy`], and a golden
//! file under `tests/chunking/golden`. The property tests in `tests/chunking` include it automatically.

pub mod chunker;
pub mod conflict;
pub mod levels;
pub mod limits;
pub mod open_parents;
pub mod packing;
pub mod partial;
pub mod separator_levels;
pub mod spec;
pub mod splitter;
pub mod strategies;
pub mod strategy;
pub mod structured;
pub mod view;
