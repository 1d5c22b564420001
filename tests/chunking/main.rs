//! The laws of the engine, for every strategy, measure, overlap and packing, on real text in many scripts and on
//! pathological text.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

mod any_cut;
mod binary;
mod charsets;
mod decoding;
mod edges;
mod golden;
mod levels;
mod limits;
mod markdown;
mod memory;
mod provenance;
mod real_charsets;
mod real_text;
mod recovery;
mod resume;
mod sentences;
mod stability;
mod tokens;
mod undecided;
mod wide;
mod world;
