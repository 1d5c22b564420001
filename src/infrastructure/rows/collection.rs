//! Reads a collection from its row.

use crate::application::ports::collections::{Collection, Written};
use crate::application::store_error::Error;
use crate::domain::names::resource::CollectionId;
use crate::infrastructure::columns::{Columns, name};
use crate::infrastructure::rows::preferences::preferences;

/// Reads a collection from a row of `collections`.
pub(crate) fn collection(found: &impl Columns) -> Result<Collection, Error> {
    Ok(Collection {
        uid: found.uid("uid")?,
        id: name(CollectionId::parse(&found.text("collection_id")?))?,
        preferences: preferences(found)?,
        revision: found.count("revision")?,
        created_at: found.time("created_at")?,
        updated_at: found.time("updated_at")?,
    })
}

/// Returns the answer to a repeated request to create a collection. The row is the one with its uid.
pub(crate) fn created_before(
    found: &impl Columns,
    request_sha256: &[u8; 32],
) -> Result<Written, Error> {
    Ok(if found.digest("request_sha256")? != *request_sha256 {
        Written::OtherRequest
    } else if !found.is_null("deleted_at")? {
        Written::Deleted
    } else {
        Written::Collection(Box::new(collection(found)?))
    })
}
