//! Counts the tokens of chunks, exactly.
//!
//! The limit of a chunk is the number of tokens of its text alone. A [`tokenizer`] is a port: implementations are in
//! `infrastructure/tokenizers`. Most tokenizers never join text across certain places, and their [`split_rule`] names
//! those. Text between two such places has the same tokens everywhere, so one count of it serves all chunks: [`blocks`] divides
//! text at them, [`cache`] keeps the counts, and a [`counter`] adds them up for any part of a view.

pub mod blocks;
pub mod cache;
pub mod counter;
pub mod split_rule;
pub mod tokenizer;
