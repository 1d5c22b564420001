//! The link to other instances, and the interval at which the store is polled meanwhile.

use std::time::Duration;

/// The way in which updates of other instances arrive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Link {
    /// There are no other instances.
    Alone,
    /// Updates are pushed at once, unless one is lost.
    Up,
    /// Updates are not pushed: the instance polls the store for them.
    Down,
}

impl Link {
    /// Returns the interval between two polls of the store. A lost update is delayed by at most this interval and the
    /// time that the poll takes.
    #[must_use]
    pub fn poll_interval(self) -> Duration {
        match self {
            Self::Alone | Self::Up => Duration::from_secs(3),
            Self::Down => Duration::from_secs(1),
        }
    }
}
