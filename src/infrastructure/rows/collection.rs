//! A collection out of its row.

use crate::application::ports::collections::Collection;
use crate::application::ports::failure::Error;
use crate::domain::name::CollectionId;
use crate::infrastructure::columns::{Columns, name};

/// A collection, from a row of `collections`.
pub(crate) fn collection(found: &impl Columns) -> Result<Collection, Error> {
    Ok(Collection {
        uid: found.uid("uid")?,
        id: name(CollectionId::parse(&found.text("collection_id")?))?,
        preferences: found.json("preferences")?,
        revision: found.count("revision")?,
        created_at: found.signed("created_at")?,
        updated_at: found.signed("updated_at")?,
    })
}
