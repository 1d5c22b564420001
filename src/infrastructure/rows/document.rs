//! Reads a document from its row.

use crate::application::ports::documents::{Document, Version};
use crate::application::store_error::Error;
use crate::domain::names::resource::DocumentId;
use crate::infrastructure::columns::{Columns, name};
use crate::infrastructure::rows::spec::spec;

/// Reads a document and its current version from a row of `document_rows`.
pub(crate) fn document(found: &impl Columns) -> Result<Document, Error> {
    let current = found.count("current_version")?;
    Ok(Document {
        uid: found.uid("uid")?,
        id: name(DocumentId::parse(&found.text("document_id")?))?,
        display_name: found.text("display_name")?,
        media_type: found.text("media_type")?,
        labels: found.json("labels")?,
        partition: found.small("partition_key")?,
        current: (current > 0).then(|| version(found)).transpose()?,
        revision: found.count("revision")?,
        created_at: found.time("created_at")?,
        updated_at: found.time("updated_at")?,
    })
}

fn version(found: &impl Columns) -> Result<Version, Error> {
    let (spec, decoding) = spec(found)?;
    Ok(Version {
        version: found.count("version")?,
        chunks: found.count("version_chunks")?,
        source_bytes: found.count("source_bytes")?,
        text_bytes: found.count("version_text_bytes")?,
        characters: found.count("characters")?,
        lines: found.count("lines")?,
        source_sha256: found.digest("source_sha256")?,
        charset: found.charset("charset")?,
        spec,
        decoding,
        engine_version: found.count("engine_version")?,
    })
}
