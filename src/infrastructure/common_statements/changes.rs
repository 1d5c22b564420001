//! The statements of changes.

/// Selects the newest and the last forgotten sequence number of a collection.
pub(crate) const EXTENT: &str = "
    SELECT change_seq, change_seq_forgotten FROM collections
    WHERE tenant = $1 AND uid = $2 AND deleted_at IS NULL";

/// Selects the first change of a collection after a sequence number.
pub(crate) const CHANGE_AFTER: &str = "
    SELECT changes.* FROM changes
    JOIN collections ON collections.uid = changes.collection_uid AND collections.tenant = $1
    WHERE changes.collection_uid = $2 AND changes.seq > $3
    ORDER BY changes.seq LIMIT 1";

/// Selects the version that a document had at a sequence number. It has no row if the document has not changed
/// since.
pub(crate) const VERSION_AT: &str = "
    SELECT changes.version_before FROM changes
    JOIN collections ON collections.uid = changes.collection_uid AND collections.tenant = $1
    WHERE changes.document_uid = $2 AND changes.seq > $3
    ORDER BY changes.seq LIMIT 1";

/// Selects a document by its uid.
pub(crate) const DOCUMENT_OF: &str =
    "SELECT * FROM document_rows WHERE tenant = $1 AND uid = $2 AND deleted_at IS NULL";

/// Selects the next document of a collection that has a current version.
pub(crate) const DOCUMENT_AFTER: &str = "
    SELECT * FROM document_rows
    WHERE tenant = $1 AND collection_uid = $2 AND uid > $3 AND current_version > 0
        AND deleted_at IS NULL
    ORDER BY uid LIMIT 1";

/// Selects the number of chunks of a complete version.
pub(crate) const VERSION_CHUNKS: &str = "
    SELECT versions.chunks FROM versions
    JOIN documents ON documents.uid = versions.document_uid AND documents.tenant = $1
    WHERE versions.document_uid = $2 AND versions.version = $3
        AND versions.completed_at IS NOT NULL";
