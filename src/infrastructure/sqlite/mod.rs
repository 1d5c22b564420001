//! The embedded store: one SQLite file.
//!
//! One connection writes, so writers wait for it here and not for the file's lock; other connections read.
//! Write-ahead logging lets readers continue during a write. To add a method: put the statement into
//! `infrastructure/common_statements`, or into the noun's file if PostgreSQL cannot run it, and the tenant into its
//! WHERE. Check the row count, and add a case to `tests/contract`.

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
mod free_space;
mod group_commit;
mod imports;
mod jobs;
mod keys;
mod moves;
mod operations;
mod partitions;
mod placement;
mod quotas;
mod rechunks;
mod row;
mod store;
mod tenants;
mod upload_commit;
mod upload_end;
mod upload_row;
mod upload_start;
mod uploads;
