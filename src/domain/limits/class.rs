//! The rate classes of methods, and the rate limits and concurrency limits of a caller. Each method declares its class.

/// The rate class of a method. Each caller has one budget for each class.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RateClass {
    /// Reads stored data.
    Read,
    /// Computes without storing anything.
    Preview,
    /// Creates or changes something small.
    Write,
    /// Starts or resumes an upload.
    UploadStart,
    /// Opens a long-lived stream.
    WatchOpen,
    /// Administers the service.
    Admin,
}

/// A rate limit of a caller.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RateLimitKind {
    /// Calls of a class. Each call costs one unit.
    Calls(RateClass),
    /// Bytes of uploads, in units of [`RateLimitKind::UPLOAD_UNIT_BYTES`].
    UploadBytes,
    /// Rejected credentials from one address. Each costs one unit.
    AuthFailure,
}

/// A concurrency limit of a caller.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ConcurrencyLimitKind {
    /// Running uploads, rechunks and streams of chunks.
    Uploads,
    /// Streams that are watched or read.
    Watches,
    /// `WebSocket` connections.
    Sockets,
}

impl RateClass {
    /// All classes.
    pub const ALL: [Self; 6] = [
        Self::Read,
        Self::Preview,
        Self::Write,
        Self::UploadStart,
        Self::WatchOpen,
        Self::Admin,
    ];

    /// Returns its name in settings, keys and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Preview => "preview",
            Self::Write => "write",
            Self::UploadStart => "upload_start",
            Self::WatchOpen => "watch_open",
            Self::Admin => "admin",
        }
    }
}

impl RateLimitKind {
    /// The bytes in a unit. The unit is small enough for small documents, and large enough that intervals in whole
    /// microseconds are exact to 2 % at 1 GB/s.
    pub const UPLOAD_UNIT_BYTES: u32 = 64 * 1024;

    /// Returns its name in settings, keys and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Calls(class) => class.name(),
            Self::UploadBytes => "upload_bytes",
            Self::AuthFailure => "auth_failure",
        }
    }

    /// Returns the rate limit of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let calls = RateClass::ALL.into_iter().map(Self::Calls);
        let mut all = calls.chain([Self::UploadBytes, Self::AuthFailure]);
        all.find(|limit| limit.name() == name)
    }
}

impl ConcurrencyLimitKind {
    /// All concurrency limits.
    pub const ALL: [Self; 3] = [Self::Uploads, Self::Watches, Self::Sockets];

    /// Returns its name in settings, keys and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Uploads => "uploads",
            Self::Watches => "watches",
            Self::Sockets => "sockets",
        }
    }

    /// Returns the concurrency limit of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.name() == name)
    }
}
