//! The partition of a document's chunks: `candidates` computes it from the uid, and `balance` judges how evenly
//! chunks are spread, by the figures of `spread`.
//!
//! To add a verdict: a variant of `balance::Reason` with its remedy, and a test of the loads that lead to it.

pub mod balance;
pub mod candidates;
mod spread;
