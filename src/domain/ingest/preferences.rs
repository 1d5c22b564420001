//! The fields that a client set for the chunking and decoding of documents.
//!
//! A collection has preferences, and so has a request. Merged, they are the spec and the policy of one version.

use crate::domain::chunking::separator_levels::SeparatorLevels;
use crate::domain::chunking::spec::checked::Spec;
use crate::domain::chunking::spec::conflict::Conflict;
use crate::domain::chunking::spec::partial::Partial;
use crate::domain::text::encoding::decoding::Decoding;
use crate::domain::text::encoding::policy;

/// The fields that a client set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preferences {
    /// The fields of the spec.
    pub chunking: Partial,
    /// The fields of the decoding policy.
    pub decoding: policy::Partial,
}

impl Preferences {
    /// Returns the spec and the policy of a version. Each field comes from here, else from the collection, else from
    /// the defaults.
    ///
    /// # Errors
    ///
    /// Fails if the merged fields do not fit together.
    pub fn over(&self, collection: &Self) -> Result<(Spec, Decoding), Conflict> {
        let spec = self.chunking.over(&collection.chunking)?;
        Ok((spec, self.decoding.over(&collection.decoding)))
    }

    /// Returns the length of the separators in bytes. No other field varies much in length.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.chunking
            .separators
            .as_ref()
            .map_or(0, SeparatorLevels::bytes)
    }
}
