//! How the outside reaches the application: one port, one door, gRPC and the web behind it.

pub mod door;
pub mod grpc;
pub mod peer;
pub mod server;
pub mod web;
