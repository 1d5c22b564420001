//! Callers: the `role` decides which methods they may call; the `secret` is a credential that no log shows.
//!
//! To add a role: a variant of `role::Role` in order of what it may do, and a row of the matrix in `tests/service/roles.rs`.

pub mod role;
pub mod secret;
