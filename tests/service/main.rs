//! A real server and real clients.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

mod chunks;
mod collections;
mod grpcurl;
mod kills;
mod methods;
mod operations;
mod refusals;
mod server;
mod uploads;
mod world;
