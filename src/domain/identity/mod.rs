//! Who asks: the `role` of a caller, and the `secret` that shows it.
//!
//! To add a role: a variant of `role::Role` in order of what it may do, and a row of the matrix in `tests/service/roles.rs`.

pub mod role;
pub mod secret;
