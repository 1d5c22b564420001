//! How the outside reaches the application.

pub mod grpc;
pub mod peer;
pub mod tls;
