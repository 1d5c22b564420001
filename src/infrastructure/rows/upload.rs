//! An upload out of its row.

use crate::application::ports::failure::Error;
use crate::application::ports::uploads::{About, Upload};
use crate::domain::name::{CollectionId, DocumentId, DocumentName};
use crate::infrastructure::columns::{Columns, name};

/// An upload with the names and the place of its document, from a row of `upload_rows`.
pub(crate) fn upload(found: &impl Columns) -> Result<Upload, Error> {
    let document = DocumentName {
        collection: name(CollectionId::parse(&found.text("collection_id")?))?,
        document: name(DocumentId::parse(&found.text("document_id")?))?,
    };
    Ok(Upload {
        tenant: found.text("tenant")?,
        uid: found.uid("uid")?,
        document,
        document_uid: found.uid("document_uid")?,
        partition: found.small("partition_key")?,
        version: found.count("version")?,
        source_version: found.count("source_version")?,
        about: About {
            display_name: found.text("display_name")?,
            media_type: found.text("media_type")?,
            labels: found.json("labels")?,
        },
        spec: found.json("spec")?,
        state: found.state("state")?,
        seq: found.count("seq")?,
        writer_epoch: found.count("writer_epoch")?,
        committed_offset: found.count("committed_offset")?,
        next_ordinal: found.count("next_ordinal")?,
        checkpoint: found.bytes("checkpoint")?,
        failure_reason: found.text("failure_reason")?,
        failure_message: found.text("failure_message")?,
        created_at: found.signed("created_at")?,
        updated_at: found.signed("updated_at")?,
    })
}
