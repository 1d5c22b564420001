//! Layers that every request passes, for gRPC and the web alike.
//!
//! In order: `request` (id, log), which checks the host (`origin`) and the credential (`authenticate`); CORS; grpc-web;
//! `call` (deadline, panics, metrics, audit); `rate_limit`.
//!
//! To add a layer: a file here with one function, its place in `interface/router.rs`, a test in `tests/service`.

pub mod authenticate;
pub mod call;
pub mod deadline;
pub mod origin;
pub mod rate_limit;
pub mod request;
