//! Who may do what, and how often: the two things that every method declares.

/// What a caller may do; each role may do what those before it may.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// Reads.
    Reader,
    /// Reads and writes.
    Writer,
    /// Looks after a tenant: its keys, and where its documents are.
    Admin,
    /// Looks after the service: all tenants, and all partitions. No token says so, only a key that
    /// an operator has made.
    Operator,
}

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

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 4] = [Self::Reader, Self::Writer, Self::Admin, Self::Operator];

    /// Its name in the store and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Writer => "writer",
            Self::Admin => "admin",
            Self::Operator => "operator",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl RateClass {
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
