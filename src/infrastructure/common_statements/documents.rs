//! The statements of documents.

/// Selects the document of a name, unless it or its collection is deleted.
pub(crate) const LIVE: &str = "
    SELECT * FROM document_rows
    WHERE tenant = $1 AND collection_id = $2 AND document_id = $3
        AND deleted_at IS NULL AND collection_deleted_at IS NULL";

/// Stores the metadata of a document.
pub(crate) const UPDATE: &str = "
    UPDATE documents SET display_name = $1, media_type = $2, labels = $3, revision = $4,
        updated_at = $5
    WHERE uid = $6";
