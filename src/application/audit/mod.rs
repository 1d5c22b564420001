//! The audit log: who did what, from where, and how it ended.
//!
//! `recorder` takes what is done without waiting, and sums what is refused (`refusals`); `writer` appends it
//! to the instance's chain in batches; `chain_signer` signs where a chain ends, and where it was cut off
//! (`retention`); `log` lists it, and `verify` finds what is not as it was written.
//!
//! To record more: give its method a class that [`recorder::is_recorded`] takes, or call the recorder where
//! it is done.

pub mod chain_signer;
pub mod log;
pub mod recorder;
mod refusals;
pub mod retention;
pub mod verify;
pub mod writer;
