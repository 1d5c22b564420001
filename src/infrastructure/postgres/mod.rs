//! The store for several instances: one PostgreSQL database, with the chunks in 100 LIST partitions.
//!
//! Every statement on chunks names its partition (`partition_table`), so only that partition is planned and locked.
//! Rows are locked in one order: document, upload, version, collection. Transactions that still conflict are retried
//! (`retry`). To add a method: put the statement into `infrastructure/common_statements`, or into the noun's file if
//! SQLite cannot run it, and the tenant into its WHERE. Check the row count, and add a case to `tests/contract`.

mod audit;
mod cause;
mod changes;
mod chunks;
mod collections;
pub mod connection;
mod deletions;
mod documents;
mod error;
mod expiry;
mod free_space;
mod imports;
mod jobs;
mod keys;
mod moves;
mod operations;
mod partition_table;
mod partitions;
mod placement;
mod quotas;
mod rechunks;
mod retry;
mod row;
mod store;
mod tenants;
mod upload_commit;
mod upload_end;
mod upload_row;
mod upload_start;
mod uploads;
