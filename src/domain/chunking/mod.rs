//! Decides where chunks end.
//!
//! A [`spec`] has everything that a user chose. With its tokenizer it is a [`loaded_spec`], whose [`strategy`] makes a
//! [`chunker`]. That reads a bounded stretch of text after a chunk's start and decides where the chunk ends; [`sizing`]
//! applies the limits, with the counts of [`tokens`]. The [`splitter`] applies it to a whole document,
//! and a [`comparison`] several of them.
//!
//! To add a strategy: a file under `strategies/` that creates a chunker, a variant in [`strategy`], and a golden
//! file under `tests/chunking/golden`. The property tests in `tests/chunking` include it automatically.

pub mod chunker;
pub mod comparison;
pub mod cut;
pub mod loaded_spec;
pub mod measure;
pub mod open_parents;
pub mod packing;
pub mod separator_levels;
pub mod sizing;
pub mod spec;
pub mod splitter;
pub mod strategies;
pub mod strategy;
pub mod structured;
pub mod tokens;
pub mod view;
