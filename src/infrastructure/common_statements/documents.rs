//! The statements of documents.

/// Selects the document of a name, unless it or its collection is deleted.
pub(crate) const LIVE: &str = "
    SELECT * FROM document_rows
    WHERE tenant = $1 AND collection_id = $2 AND document_id = $3
        AND deleted_at IS NULL AND collection_deleted_at IS NULL";

/// Changes the metadata of a document. NULL leaves a field unchanged.
pub(crate) const UPDATE: &str = "
    UPDATE documents SET display_name = coalesce($1, display_name),
        media_type = coalesce($2, media_type), labels = coalesce($3, labels),
        revision = revision + 1, updated_at = $4
    WHERE uid = $5";
