//! The use cases: what a caller can ask for, over ports that infrastructure implements.
//!
//! To add a use case: a function in the noun's file that takes the caller first, a port method in
//! `ports/` with its duties, the same method in every adapter, a case in `tests/contract`.

pub mod admission;
pub mod api_key;
pub mod audit;
pub mod bus;
pub mod caller;
pub mod changes;
pub mod chunk_stream;
pub mod chunks;
pub mod collections;
pub mod comparison;
pub mod conversation;
pub mod copier;
pub mod credential;
pub mod default_collection;
pub mod difference;
pub mod documents;
pub mod error;
pub mod file_source;
pub mod health;
pub mod identity;
pub mod imports;
pub mod ingest;
pub mod jobs;
pub mod keys;
pub mod lease;
pub mod network;
pub mod operations;
pub mod outbox;
pub mod outgoing;
pub mod overview;
pub mod page;
pub mod partitions;
pub mod ports;
pub mod preferences;
pub mod pressure;
pub mod readiness;
pub mod recent;
pub mod reconciler;
pub mod relay;
mod relocation;
pub mod session;
pub mod source;
pub mod stays;
pub mod stored_source;
pub mod stored_spec;
pub mod tap;
pub mod tenants;
pub mod tokens;
pub mod turn;
pub mod uploads;
pub mod watch;
