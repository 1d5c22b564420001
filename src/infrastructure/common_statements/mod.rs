//! The statements that PostgreSQL and SQLite run unchanged.
//!
//! A statement belongs here if both stores run the same text with the same arguments (`tests/architecture` checks it).
//! It belongs to the store if it needs a lock, an array, a partition's table, a function of one database, or a hint to
//! one planner such as `+state`.
//!
//! To add a statement: write it into the noun's file as a constant, with a comment that says what it selects or
//! changes. Number its arguments `$1`, `$2`: the driver of SQLite binds them by number, as PostgreSQL does. Write
//! `CAST(… AS bigint)` instead of `::bigint`, and name each subquery in FROM. Each store binds the arguments in the
//! order of their numbers, and runs the statement.

pub(super) mod audit;
pub(super) mod changes;
pub(super) mod collections;
pub(super) mod deletions;
pub(super) mod documents;
pub(super) mod expiry;
pub(super) mod jobs;
pub(super) mod keys;
pub(super) mod moves;
pub(super) mod operations;
pub(super) mod partitions;
pub(super) mod secrets;
pub(super) mod tenants;
pub(super) mod upload_end;
pub(super) mod uploads;
