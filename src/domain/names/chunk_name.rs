//! Names of chunks.

use std::fmt;

use crate::domain::names::resource::{DocumentName, Error};

/// The name of a chunk: `collections/{collection}/documents/{document}/chunks/{ordinal}` for one of the finest level,
/// `collections/{collection}/documents/{document}/levels/{level}/chunks/{number}` for a parent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChunkName {
    /// The document.
    pub document: DocumentName,
    /// The level: 0 is the coarsest. `None` means the finest.
    pub level: Option<usize>,
    /// The number of the chunk in its level, from 0.
    pub ordinal: u64,
}

impl ChunkName {
    /// Parses a name. Only the canonical spelling is accepted, so that a chunk has one name: neither `+1` nor `01`.
    ///
    /// # Errors
    ///
    /// Fails for any other form.
    pub fn parse(name: &str) -> Result<Self, Error> {
        const FORM: Error = Error::Form {
            form: "collections/{collection}/documents/{document}/chunks/{ordinal}, or for a parent \
                   collections/{collection}/documents/{document}/levels/{level}/chunks/{number}",
        };
        let (document, ordinal) = name.rsplit_once("/chunks/").ok_or(FORM)?;
        let ordinal = ordinal.parse::<u64>().map_err(|_no_number| FORM)?;
        let (document, level) = match document.rsplit_once("/levels/") {
            // A collection may have the id `levels`.
            Some((document, level)) if !level.contains('/') => {
                let level = level.parse::<usize>().map_err(|_no_number| FORM)?;
                (document, Some(level))
            }
            _ => (document, None),
        };
        let parsed = Self {
            document: DocumentName::parse(document)?,
            level,
            ordinal,
        };
        if parsed.to_string() == name {
            Ok(parsed)
        } else {
            Err(FORM)
        }
    }
}

impl fmt::Display for ChunkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            document,
            level,
            ordinal,
        } = self;
        match level {
            Some(level) => write!(f, "{document}/levels/{level}/chunks/{ordinal}"),
            None => write!(f, "{document}/chunks/{ordinal}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ChunkName;

    #[test]
    fn a_chunk_of_each_level_has_one_name() {
        for name in [
            "collections/a/documents/b/chunks/7",
            "collections/a/documents/b/levels/0/chunks/7",
            "collections/a/documents/levels/levels/2/chunks/0",
            "collections/levels/documents/levels/chunks/7",
            "collections/levels/documents/b/levels/1/chunks/7",
        ] {
            assert_eq!(ChunkName::parse(name).unwrap().to_string(), name);
        }
        for name in [
            "collections/a/documents/b/chunks",
            "collections/a/documents/b/chunks/",
            "collections/a/documents/b/chunks/-1",
            "collections/a/documents/b/chunks/+1",
            "collections/a/documents/b/chunks/01",
            "collections/a/documents/b/levels/chunks/1",
            "collections/a/documents/b/levels/00/chunks/1",
            "collections/a/documents/b/levels/-1/chunks/1",
            "collections/a/levels/0/chunks/1",
        ] {
            assert!(ChunkName::parse(name).is_err(), "{name:?}");
        }
    }
}
