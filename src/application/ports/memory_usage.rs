//! The port of the memory that the process may use.

use std::fmt::Debug;

/// Tells how much memory there is.
pub trait Memory: Debug + Send + Sync {
    /// How many bytes may be used; none: there is no limit.
    fn most(&self) -> Option<u64>;
    /// How many are used, of those that count against the limit and cannot be given back; none if nobody
    /// knows.
    fn used(&self) -> Option<u64>;
}
