//! The strategies, one file each: the ladder of boundaries, best first, and the defaults.

pub mod fixed;
pub mod markdown;
pub mod recursive;
pub mod sentence;
