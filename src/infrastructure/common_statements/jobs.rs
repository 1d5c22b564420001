//! The statements of jobs.

/// Ends the holder's lease.
pub(crate) const RELEASE: &str = "UPDATE leases SET expires_at = 0 WHERE name = $1 AND holder = $2";

/// Removes a version that has no chunks.
pub(crate) const REMOVE_VERSION: &str =
    "DELETE FROM versions WHERE document_uid = $1 AND version = $2";

/// Selects documents that still have a name in a collection that is deleted.
pub(crate) const DOCUMENTS_TO_DELETE: &str = "
    SELECT documents.uid FROM deletions
    JOIN documents ON documents.collection_uid = deletions.collection_uid
    WHERE deletions.state = 'RUNNING' AND deletions.document_uid IS NULL
        AND documents.deleted_at IS NULL
    LIMIT $1";

/// Selects running uploads without a change since a time.
pub(crate) const ABANDONED: &str =
    "SELECT * FROM upload_rows WHERE state = 'RUNNING' AND updated_at < $1 LIMIT $2";

/// Subtracts removed chunks and their bytes from the size of a document.
pub(crate) const SUBTRACT_CHUNKS: &str =
    "UPDATE documents SET chunks = chunks - $1, text_bytes = text_bytes - $2 WHERE uid = $3";

/// Ends deletions that have neither a version nor a leftover of a move.
pub(crate) const END_DELETIONS: &str = "
    UPDATE deletions SET state = 'SUCCEEDED', seq = seq + 1, updated_at = $1
    WHERE (tenant, uid) IN (
        SELECT tenant, uid FROM deletions AS open
        WHERE open.state = 'RUNNING' AND CASE WHEN open.document_uid IS NULL
            THEN NOT EXISTS (
                SELECT 1 FROM documents
                JOIN versions ON versions.document_uid = documents.uid
                WHERE documents.collection_uid = open.collection_uid)
                AND NOT EXISTS (
                    SELECT 1 FROM moves WHERE moves.leftover_partition IS NOT NULL
                        AND moves.collection_uid = open.collection_uid)
            ELSE NOT EXISTS (
                SELECT 1 FROM versions WHERE versions.document_uid = open.document_uid)
                AND NOT EXISTS (
                    SELECT 1 FROM moves WHERE moves.leftover_partition IS NOT NULL
                        AND moves.document_uid = open.document_uid) END
        LIMIT $2)
    RETURNING tenant, uid";
