//! Reads the load of partitions and the location of documents from rows.

use crate::application::ports::partitions::{Location, Partition, Weight};
use crate::application::store_error::Error;
use crate::domain::names::resource::{CollectionId, DocumentId, DocumentName};
use crate::domain::partitions::balance::Document;
use crate::domain::partitions::candidates::other_candidate;
use crate::infrastructure::columns::{Columns, damaged, name};

/// Reads the load of a partition from a row of `partition_health`.
pub(crate) fn partition(found: &impl Columns) -> Result<Partition, Error> {
    let dead_rows = found.signed_if_any("dead_rows")?.map(u64::try_from);
    Ok(Partition {
        partition: found.small("partition_key")?,
        documents: found.count("documents")?,
        chunks: found.count("chunks")?,
        text_bytes: found.count("text_bytes")?,
        deviation_percent: found.real("deviation_percent")?,
        status: found.text("status")?,
        dead_rows: dead_rows
            .transpose()
            .map_err(|_negative| damaged("a negative count"))?,
        needs_vacuum: found.flag_if_any("needs_vacuum")?,
        last_vacuum_at: found.time_if_any("last_vacuum_at")?,
        last_analyze_at: found.time_if_any("last_analyze_at")?,
    })
}

/// Reads a document with the names of its tenant and its collection.
pub(crate) fn large_document(found: &impl Columns) -> Result<Document, Error> {
    let collection = CollectionId::parse(&found.text("collection_id")?);
    let document = DocumentId::parse(&found.text("document_id")?);
    let partition = found.small("partition_key")?;
    Ok(Document {
        tenant: found.tenant("tenant")?,
        name: DocumentName {
            collection: name(collection)?,
            document: name(document)?,
        },
        partition,
        other_candidate: other_candidate(&found.uid("uid")?, partition),
        chunks: found.count("chunks")?,
        text_bytes: found.count("text_bytes")?,
    })
}

/// Reads a document's partition and the counts of its chunks.
pub(crate) fn location(found: &impl Columns) -> Result<Location, Error> {
    let weight = |chunks: &str, text_bytes: &str| {
        Ok::<_, Error>(Weight {
            chunks: found.count(chunks)?,
            text_bytes: found.count(text_bytes)?,
        })
    };
    Ok(Location {
        uid: found.uid("uid")?,
        partition: found.small("partition_key")?,
        said: weight("chunks", "text_bytes")?,
        counted: weight("counted_chunks", "counted_text_bytes")?,
        chunks_elsewhere: found.count("chunks_elsewhere")?,
    })
}
