//! The store of many instances: one PostgreSQL database, chunks in 100 LIST partitions.
//!
//! Every statement on chunks names the partition (`partition_table`), so it is planned and locked alone. Rows
//! are locked in one order, document before upload before version before collection; what still
//! meets is tried again (`retry`). To add a method: the statement in the noun's file, the tenant
//! in its WHERE, the row count checked, a case in `tests/contract`.

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
mod room;
mod row;
mod secrets;
mod tenants;
mod upload_commit;
mod upload_end;
mod upload_row;
mod upload_start;
mod uploads;
