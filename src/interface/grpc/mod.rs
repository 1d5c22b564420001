//! The gRPC services: each method converts its request, calls a use case, and converts the result.
//!
//! To add a method: its rpc with comments and both options in the proto, a function here that
//! converts and calls one use case, its errors in [`status`] if they are new, a test in
//! `tests/service`.

pub mod admin;
pub mod audit_target;
pub mod chunking;
pub mod chunks;
pub mod codec;
pub mod collections;
pub mod compression;
pub mod convert;
pub mod documents;
pub mod extract;
pub mod framework_status;
pub mod intake;
pub mod limits;
pub mod message_limits;
pub mod methods;
pub mod operations;
pub mod partitions;
pub mod pb;
pub mod request_digest;
pub mod resource_name;
pub mod status;
pub mod uploads;
