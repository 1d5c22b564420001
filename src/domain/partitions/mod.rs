//! Where the chunks of a document are: `candidates` decides by its uid, `balance` judges how evenly they are spread.
//!
//! To add a verdict: a variant of `balance::Reason` with its remedy, and a test of the sums that lead to it.

pub mod balance;
pub mod candidates;
