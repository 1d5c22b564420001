//! Reads an upload from its row.

use crate::application::ports::documents::Metadata;
use crate::application::ports::import_root::Stamp;
use crate::application::ports::uploads::{Declared, Import, Upload, UploadSource};
use crate::application::store_error::Error;
use crate::domain::names::path::PathName;
use crate::domain::names::resource::{CollectionId, DocumentId, DocumentName};
use crate::infrastructure::columns::{Columns, name, stored};
use crate::infrastructure::rows::spec::spec;

/// Reads an upload, with the names and the partition of its document, from a row of `upload_rows`.
pub(crate) fn upload(found: &impl Columns) -> Result<Upload, Error> {
    let document = DocumentName {
        collection: name(CollectionId::parse(&found.text("collection_id")?))?,
        document: name(DocumentId::parse(&found.text("document_id")?))?,
    };
    let (spec, decoding) = spec(found)?;
    Ok(Upload {
        tenant: found.tenant("tenant")?,
        uid: found.uid("uid")?,
        request_sha256: found.digest("request_sha256")?,
        declared: Declared {
            sha256: found.digest_if_any("declared_sha256")?,
            total_size: found.count_if_any("declared_bytes")?,
        },
        document,
        document_uid: found.uid("document_uid")?,
        is_document_deleted: !found.is_null("document_deleted_at")?,
        partition: found.small("partition_key")?,
        version: found.count("version")?,
        source: source(found)?,
        metadata: Metadata {
            display_name: found.text_if_any("display_name")?,
            media_type: found.text_if_any("media_type")?,
            labels: found.json_if_any("labels")?,
        },
        labels: found.json("document_labels")?,
        spec,
        decoding,
        state: found.state("state")?,
        seq: found.count("seq")?,
        writer_epoch: found.count("writer_epoch")?,
        committed_offset: found.count("committed_offset")?,
        next_ordinal: found.count("next_ordinal")?,
        checkpoint: Some(found.bytes("checkpoint")?).filter(|bytes| !bytes.is_empty()),
        source_sha256: found.digest_if_any("source_sha256")?,
        failure: found.failure()?,
        created_at: found.time("created_at")?,
        updated_at: found.time("updated_at")?,
    })
}

fn source(found: &impl Columns) -> Result<UploadSource, Error> {
    if let Some(source_version) = found.version_if_any("source_version")? {
        return Ok(UploadSource::Rechunk { source_version });
    }
    let path = found.text("import_path")?;
    if path.is_empty() {
        return Ok(UploadSource::Client);
    }
    let path = PathName::parse(&path).map_err(|error| Error::Damaged {
        what: "a path name",
        source: Some(Box::new(error)),
    })?;
    Ok(UploadSource::Import(Import {
        path,
        stamp: Stamp {
            bytes: found.count("import_bytes")?,
            modified_ns: found.signed("import_modified_ns")?,
            changed_ns: found.signed("import_changed_ns")?,
            // All 64 bits are used: an overlay file system marks its layers in the highest ones.
            inode: found.signed("import_inode")?.cast_unsigned(),
        },
    }))
}

/// Returns the column with the version that a rechunk reads: 0 for other uploads.
pub(crate) fn source_version(source: &UploadSource) -> i64 {
    match source {
        UploadSource::Client | UploadSource::Import(_) => 0,
        UploadSource::Rechunk { source_version } => stored(*source_version),
    }
}

/// Returns the columns of an import: the path, and the parts of the stamp in the table's order. They are empty for
/// other uploads.
pub(crate) fn import_columns(source: &UploadSource) -> (&str, [i64; 4]) {
    let UploadSource::Import(Import { path, stamp }) = source else {
        return ("", [0; 4]);
    };
    let stamp = [
        stored(stamp.bytes),
        stamp.modified_ns,
        stamp.changed_ns,
        stamp.inode.cast_signed(),
    ];
    (path.as_str(), stamp)
}
