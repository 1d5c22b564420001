//! How often a method may be called, and what one of its calls costs: each method declares its class.

/// How often a method may be called: every class has a budget for each caller.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RateClass {
    /// Reads what is stored.
    Read,
    /// Computes without storing anything.
    Preview,
    /// Creates or changes something small.
    Write,
    /// Starts or resumes an upload.
    UploadStart,
    /// Opens a stream that lasts.
    WatchOpen,
    /// Looks after the service.
    Admin,
}

/// What a caller has a budget of.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Budget {
    /// Calls of a class; one costs one unit.
    Calls(RateClass),
    /// Bytes of uploads, in units of [`Budget::UPLOAD_UNIT_BYTES`].
    UploadBytes,
    /// Credentials from one address that were refused; one costs one unit.
    AuthFailure,
}

/// What a caller can have only so many of at once.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Places {
    /// Uploads, rechunks and streams of chunks that run.
    Uploads,
    /// Streams that are watched or read.
    Watches,
    /// `WebSocket` connections.
    Sockets,
}

impl RateClass {
    /// Every class.
    pub const ALL: [Self; 6] = [
        Self::Read,
        Self::Preview,
        Self::Write,
        Self::UploadStart,
        Self::WatchOpen,
        Self::Admin,
    ];

    /// Its name in settings, keys and metrics.
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

impl Budget {
    /// A unit of bytes: small enough for small documents, and so large that intervals of whole
    /// microseconds are exact to 2 % at a gigabyte a second.
    pub const UPLOAD_UNIT_BYTES: u32 = 64 * 1024;

    /// Its name in settings, keys and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Calls(class) => class.name(),
            Self::UploadBytes => "upload_bytes",
            Self::AuthFailure => "auth_failure",
        }
    }

    /// The budget of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let calls = RateClass::ALL.into_iter().map(Self::Calls);
        let mut all = calls.chain([Self::UploadBytes, Self::AuthFailure]);
        all.find(|budget| budget.name() == name)
    }
}

impl Places {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Uploads, Self::Watches, Self::Sockets];

    /// Their name in settings, keys and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Uploads => "uploads",
            Self::Watches => "watches",
            Self::Sockets => "sockets",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|places| places.name() == name)
    }
}
