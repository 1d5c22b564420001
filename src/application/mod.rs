//! Use cases: the requests of a caller, over ports that infrastructure implements.
//!
//! - `uploads` receives a client's bytes; `server_uploads` reads those of imports and rechunks.
//! - `catalog` lists, reads, changes and compares collections, documents and chunks.
//! - `operations` and `events` report progress, on one instance and between instances.
//! - `rate_limit` and `memory` bound the work; `response_stream` bounds the responses that wait for a client.
//! - `auth` identifies callers, `admin` manages their tenants and keys, and `audit` records their calls.
//! - `partitions` and `maintenance` keep the store in order.
//! - `chunking` needs no store. `spec_loader` loads the tokenizers of specs.
//!
//! To add a use case: a function in the noun's file that takes the caller first, a port method in `ports/` with its
//! duties, the same method in every adapter, a case in `tests/contract`.

pub mod admin;
pub mod audit;
pub mod auth;
pub mod caller;
pub mod catalog;
pub mod chunking;
pub mod client_network;
pub mod commit_order;
pub mod error;
pub mod events;
pub mod maintenance;
pub mod memory;
pub mod operations;
pub mod pagination;
pub mod partitions;
pub mod ports;
pub mod rate_limit;
pub mod readiness;
pub mod request;
pub mod response_stream;
pub mod server_uploads;
pub mod spec_loader;
pub mod store_error;
pub mod uploads;
