//! Reads changes of collections from their rows.

use crate::application::ports::changes::{Change, Extent};
use crate::application::store_error::Error;
use crate::domain::names::resource::DocumentId;
use crate::infrastructure::columns::{Columns, name};

/// Reads a change from a row of `changes`.
pub(crate) fn change(found: &impl Columns) -> Result<Change, Error> {
    Ok(Change {
        seq: found.count("seq")?,
        document: found.uid("document_uid")?,
        id: name(DocumentId::parse(&found.text("document_id")?))?,
        before: found.version_if_any("version_before")?,
        after: found.version_if_any("version_after")?,
    })
}

/// Reads the range of a collection's changes from its row of `collections`.
pub(crate) fn extent(found: &impl Columns) -> Result<Extent, Error> {
    Ok(Extent {
        newest: found.count("change_seq")?,
        forgotten: found.count("change_seq_forgotten")?,
    })
}
