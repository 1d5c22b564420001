//! The contract of every store: the same suite for each adapter.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

mod audit;
mod changes;
mod collections;
mod group_commits;
mod imports;
mod jobs;
mod keys;
mod laws;
mod moves;
mod partitions;
mod postgres;
#[path = "../private/mod.rs"]
mod private;
mod quotas;
mod rechunks;
mod schema;
mod sqlite;
mod tenants;
#[path = "../private/tokenizers.rs"]
mod tokenizers;
mod updates;
mod uploads;
mod versionless;
mod world;
