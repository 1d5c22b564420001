//! The path of a request: `server` accepts it, `transport` reads it, `router` and `middleware` check it, and `grpc`
//! or `web` calls a use case and answers.

pub mod authenticated_caller;
pub(crate) mod authority;
pub(crate) mod drained_body;
pub mod grpc;
pub(crate) mod guarded_body;
pub mod middleware;
pub mod router;
pub mod server;
pub mod transport;
pub mod web;
