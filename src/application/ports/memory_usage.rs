//! The port of the memory that the process may use.

use std::fmt::Debug;

/// Returns the memory limit and the memory in use.
pub trait Memory: Debug + Send + Sync {
    /// Returns the limit in bytes. `None` means that there is no limit.
    fn most(&self) -> Option<u64>;
    /// Returns the bytes in use that count against the limit and that the system cannot reclaim. `None` means that
    /// the number is unknown.
    fn used(&self) -> Option<u64>;
}
