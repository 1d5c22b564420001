//! The statements of uploads.

/// Selects the newest upload of a document.
pub(crate) const NEWEST: &str = "
    SELECT * FROM upload_rows WHERE tenant = $1 AND document_uid = $2
    ORDER BY version DESC LIMIT 1";

/// Ends a running upload of any writer with a state.
pub(crate) const CANCEL: &str = "
    UPDATE uploads SET state = $1, seq = seq + 1, updated_at = $2
    WHERE tenant = $3 AND uid = $4 AND state = 'RUNNING'";

/// Selects an upload, with the names and the partition of its document.
pub(crate) const UPLOAD: &str = "SELECT * FROM upload_rows WHERE tenant = $1 AND uid = $2";

/// Selects running imports, oldest first.
pub(crate) const RUNNING_IMPORTS: &str = "
    SELECT * FROM upload_rows WHERE import_path <> '' AND state = 'RUNNING'
    ORDER BY created_at, uid LIMIT $1";

/// Selects running rechunks, oldest first.
pub(crate) const RUNNING_RECHUNKS: &str = "
    SELECT * FROM upload_rows WHERE source_version > 0 AND state = 'RUNNING'
    ORDER BY created_at, uid LIMIT $1";

/// Takes the next version number of a document.
pub(crate) const TAKE_VERSION: &str = "
    UPDATE documents SET latest_version = latest_version + 1
    WHERE tenant = $1 AND collection_uid = $2 AND document_id = $3 AND deleted_at IS NULL
    RETURNING uid";
