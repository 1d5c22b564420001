//! The resource that an operation works on.

use std::fmt;

use crate::domain::names::resource::{CollectionId, DocumentName, Error};

/// The collection or document that an operation works on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// A whole collection.
    Collection(CollectionId),
    /// A document.
    Document(DocumentName),
}

impl Target {
    /// Parses the resource name of a collection or document.
    ///
    /// # Errors
    ///
    /// Fails if the name is neither.
    pub fn parse(name: &str) -> Result<Self, Error> {
        if name.contains("/documents/") {
            DocumentName::parse(name).map(Self::Document)
        } else {
            CollectionId::parse_name(name).map(Self::Collection)
        }
    }

    /// Returns the collection, or that of the document.
    #[must_use]
    pub fn collection(&self) -> &CollectionId {
        match self {
            Self::Collection(collection) => collection,
            Self::Document(name) => &name.collection,
        }
    }
}

impl fmt::Display for Target {
    /// Writes the resource name.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Collection(collection) => collection.fmt(formatter),
            Self::Document(name) => name.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn a_target_is_parsed_from_its_name() {
        for name in ["collections/c", "collections/c/documents/d"] {
            assert_eq!(Target::parse(name).unwrap().to_string(), name);
        }
        for wrong in [
            "",
            "c",
            "collections/",
            "collections/c/chunks/1",
            "documents/d",
        ] {
            assert!(Target::parse(wrong).is_err(), "{wrong}");
        }
    }
}
