//! One file a strategy: the ladder of boundaries it cuts at, best first, and its defaults.

pub mod fixed;
pub mod recursive;
pub mod sentence;
