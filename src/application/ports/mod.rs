//! The interfaces that the use cases need: traits whose methods document their duties.
//!
//! A missing thing is `Ok(None)`. Every method that reads or writes a tenant's data takes the caller, and sees only
//! that tenant's rows. Time and uids come from the [`clock`].

pub mod audit;
pub mod changes;
pub mod chunks;
pub mod clock;
pub mod collections;
pub mod documents;
pub mod event_bus;
pub mod import_root;
pub mod imports;
pub mod jobs;
pub mod keys;
pub mod memory_usage;
pub mod operations;
pub mod partitions;
pub mod rate_limiter;
pub mod rechunks;
pub mod store;
pub mod tenants;
pub mod token_verifier;
pub mod tokenizers;
pub mod uploads;
