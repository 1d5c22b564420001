//! The statements of deletions.

/// Stores a deletion that is running.
pub(crate) const INSERT: &str = "
    INSERT INTO deletions (tenant, uid, target, document_uid, collection_uid, state,
        created_at, updated_at, request_sha256)
    VALUES ($1, $2, $3, $4, $5, 'RUNNING', $6, $6, $7)";

/// Removes the name of a document.
pub(crate) const DELETE_DOCUMENT: &str =
    "UPDATE documents SET deleted_at = $1, updated_at = $1 WHERE uid = $2";

/// Marks all chunks of a document for removal.
pub(crate) const SWEEP_DOCUMENT: &str =
    "UPDATE versions SET sweep_after = $1 WHERE document_uid = $2";

/// Adds removed chunks to the running deletion of their document or of its collection.
pub(crate) const COUNT: &str = "
    UPDATE deletions SET chunks = chunks + $1, seq = seq + 1, updated_at = $2
    WHERE state = 'RUNNING'
        AND (document_uid = $3 OR (document_uid IS NULL AND collection_uid = $4))
    RETURNING tenant, uid";
