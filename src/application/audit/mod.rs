//! The audit log: the caller, method, address and result of each recorded call.
//!
//! `recorder` accepts events without waiting and sums refusals by the minute (`refusals`). `writer` appends them to
//! the instance's chain in batches. `chain_signer` signs the end of a chain, and the checkpoint up to which retention
//! has removed it (`retention`). `log` lists the entries, and `verify` finds entries that were changed or removed.
//!
//! To record more: give its method a class that [`recorder::is_recorded`] accepts, or call the recorder at the place
//! of the event.

pub mod chain_signer;
pub mod log;
pub mod recorder;
mod refusals;
pub mod retention;
pub mod verify;
pub mod writer;
