//! Callers: the `role` decides which methods they may call; a `secret` is a credential that is never logged.
//!
//! To add a role: a variant of `role::Role` in the order of privileges, and a row of the matrix in
//! `tests/service/roles.rs`.

pub mod role;
pub mod secret;
