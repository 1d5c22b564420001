//! Limits on the data that a tenant may store.

/// A quantity that is counted for each tenant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Quota {
    /// The number of its documents.
    Documents,
    /// The bytes of its sources, in all stored versions.
    Bytes,
    /// The number of its running uploads, rechunks and imports included.
    Uploads,
}

/// A value for each quota.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Each<T> {
    /// The value for documents.
    pub documents: T,
    /// The value for bytes.
    pub bytes: T,
    /// The value for uploads.
    pub uploads: T,
}

/// The quotas of a tenant. `None` means that the quantity is not limited.
pub type Quotas = Each<Option<u64>>;
/// The usage of a tenant.
pub type Usage = Each<u64>;

impl Quota {
    /// All quotas.
    pub const ALL: [Self; 3] = [Self::Documents, Self::Bytes, Self::Uploads];

    /// Returns its name in the store and in errors.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Documents => "documents",
            Self::Bytes => "bytes",
            Self::Uploads => "uploads",
        }
    }

    /// Returns the quota of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quota| quota.name() == name)
    }
}
