//! How the outside reaches the application: one port, one door, gRPC and the web behind it.

pub mod admitted;
mod connection;
pub mod connections;
pub mod door;
pub mod grpc;
mod held;
pub mod peer;
pub mod routes;
pub mod server;
pub mod tls;
pub mod usage;
pub mod web;
