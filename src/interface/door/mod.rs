//! The door: what every request passes, whatever it asks for.
//!
//! A rule that holds for gRPC and the web alike belongs here; one for gRPC alone into
//! `grpc/call.rs`.

pub mod entry;
pub mod limit;
pub mod origin;
pub mod request;
