//! The structure of a document: its blocks, their boundaries, and the headings that they are under.
//!
//! A [`scanner`] reads the text of a [`format`](mod@format) line by line, ahead of the chunker, and marks where
//! [`blocks`] begin. The chunker prefers these places, best rank first, and keeps blocks whole that fit into a chunk.
//!
//! # Laws
//!
//! - A mark depends only on the text before it and the [`LOOK_AHEAD_BYTES`](line::LOOK_AHEAD_BYTES) after it. A
//!   construct that is not decided within them is by rule not that construct.
//! - The first [`LINE_BYTES`](line::LINE_BYTES) of a line decide its class.
//! - The state of a scanner is bounded, and is part of a checkpoint. A scanner that resumes anywhere, also within a
//!   line, gives the same marks.
//!
//! To add a format: a folder that scans a line, a variant in [`format`](mod@format), and an oracle in
//! `tests/chunking`.

pub mod blocks;
pub mod codec;
pub mod context;
pub mod format;
pub mod kind;
pub mod line;
pub mod markdown;
pub mod scanner;
pub mod section;
pub mod tracker;
