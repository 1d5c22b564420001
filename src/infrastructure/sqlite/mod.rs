//! The embedded store: one SQLite file.
//!
//! One connection writes, so writers wait for each other here and not in the file; others read.
//! Write-ahead logging lets readers go on meanwhile. To add a method: the statement in the noun's
//! file, the tenant in its WHERE, the row count checked, a case in `tests/contract`.

mod audit;
mod cause;
mod changes;
mod chunks;
mod collections;
mod commit_queue;
pub mod connection;
mod deletions;
mod documents;
mod error;
mod expiry;
mod group_commit;
mod imports;
mod jobs;
mod keys;
mod moves;
mod operations;
mod partitions;
mod quotas;
mod rechunks;
mod room;
mod row;
mod secrets;
mod tenants;
mod upload_commit;
mod upload_end;
mod upload_row;
mod upload_start;
mod uploads;
