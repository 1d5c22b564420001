//! The reasons for closing a WebSocket, with the codes that clients see.

/// The reason for closing a socket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Close {
    /// The server is stopping.
    Draining,
    /// A frame exceeds the maximum size.
    TooLarge,
    /// The client has not read for too long.
    Slow,
    /// The client has not answered a ping.
    Silent,
    /// The caller has the maximum number of sockets.
    TooMany,
    /// Too many frames in a row could not be parsed.
    Unreadable,
    /// The client did not authenticate in time, or is no longer authenticated.
    Unauthenticated,
}

impl Close {
    /// All reasons.
    pub const ALL: [Self; 7] = [
        Self::Draining,
        Self::TooLarge,
        Self::Slow,
        Self::Silent,
        Self::TooMany,
        Self::Unreadable,
        Self::Unauthenticated,
    ];

    /// Returns the close code: the code of RFC 6455 if there is one, otherwise a code from 4000, the range for
    /// applications.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Draining => 1001,
            Self::TooLarge => 1009,
            Self::Slow => 4008,
            Self::Silent => 4009,
            Self::TooMany => 4029,
            Self::Unreadable => 4400,
            Self::Unauthenticated => 4401,
        }
    }

    /// Returns the name of the reason, as clients see it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Draining => "draining",
            Self::TooLarge => "too large",
            Self::Slow => "slow",
            Self::Silent => "silent",
            Self::TooMany => "too many sockets",
            Self::Unreadable => "unreadable",
            Self::Unauthenticated => "unauthenticated",
        }
    }
}
