//! What a tenant may keep.

/// What is counted of a tenant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Quota {
    /// Its documents.
    Documents,
    /// The bytes of its sources, in all versions that are there.
    Bytes,
    /// Its uploads that are not finished, rechunks and imports among them.
    Uploads,
}

/// A number for each of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Each<T> {
    /// Documents.
    pub documents: T,
    /// Bytes.
    pub bytes: T,
    /// Uploads.
    pub uploads: T,
}

/// The most of each that a tenant may have; none: as much as it likes.
pub type Quotas = Each<Option<u64>>;
/// What it has.
pub type Usage = Each<u64>;

impl Quota {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Documents, Self::Bytes, Self::Uploads];

    /// Its name in the store and in errors.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Documents => "documents",
            Self::Bytes => "bytes",
            Self::Uploads => "uploads",
        }
    }

    /// The quota of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quota| quota.name() == name)
    }
}
