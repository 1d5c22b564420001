//! How the outside reaches the application: one port, one door, gRPC and the web behind it.

pub mod admitted;
mod connection;
pub mod connections;
mod costs;
pub mod door;
mod drained;
pub mod grpc;
mod hearing;
mod held;
mod paced;
pub mod peer;
pub mod routes;
pub mod server;
pub mod tls;
pub mod usage;
pub mod web;
