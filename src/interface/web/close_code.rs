//! Why the server closes a WebSocket: the codes that clients see.

/// Why a socket is closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Close {
    /// The server goes down.
    Draining,
    /// A frame is larger than any may be.
    TooLarge,
    /// The client has not read for too long.
    Slow,
    /// The client has not answered a ping.
    Silent,
    /// The caller has as many sockets as it may have.
    TooMany,
    /// Frame after frame could not be understood.
    Unreadable,
    /// The client has not said in time who it is, or is not let in any more.
    Unauthenticated,
}

impl Close {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Draining,
        Self::TooLarge,
        Self::Slow,
        Self::Silent,
        Self::TooMany,
        Self::Unreadable,
        Self::Unauthenticated,
    ];

    /// Its code: of RFC 6455 where that has one, else from 4000 on, which are for applications.
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

    /// Its name.
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
