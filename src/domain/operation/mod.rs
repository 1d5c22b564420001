//! The parts of an operation that its watchers see: the resource that it works on, its state, and the reason of a
//! failure.

pub mod failure;
pub mod state;
pub mod target;
