//! Background work: deletion, retention and counting, on one instance at a time under a lease.

pub mod lease;
pub mod runner;
pub mod store_space;
