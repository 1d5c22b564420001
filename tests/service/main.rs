//! A real server and real clients.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

mod access;
mod admission;
mod certificates;
mod changes;
mod chunk_stream;
mod chunks;
mod clients;
mod cluster;
mod collections;
mod commands;
mod crowd;
mod databases;
mod deletions;
mod examples;
mod fanout;
mod fleet;
mod follower;
mod gigabytes;
mod grpc_web;
mod grpcurl;
mod import_faults;
mod import_paths;
mod imports;
mod instances;
mod interruptions;
mod kills;
mod load;
mod methods;
mod moves;
mod operations;
mod overview;
mod partitions;
mod path_names;
mod patience;
#[path = "../private/mod.rs"]
mod private;
mod proxy;
mod pubsub_proxy;
mod rate_limits;
mod rechunks;
mod redis_connection;
mod redis_keys;
#[path = "../private/redis.rs"]
mod redis_server;
mod refusals;
mod roles;
mod secrets;
mod server;
mod sockets;
mod stores;
mod streams;
mod tenants;
mod tokens;
mod uploads;
mod watcher;
mod web;
mod websocket;
mod world;
