//! The statements that end uploads.

/// Ends a running upload, if the writer has its newest epoch and offset.
pub(crate) const END: &str = "
    UPDATE uploads SET state = $1, failure_reason = $2, failure_message = $3,
        committed_offset = coalesce($4, committed_offset), source_sha256 = $5,
        seq = seq + 1, updated_at = $6
    WHERE tenant = $7 AND uid = $8 AND writer_epoch = $9 AND committed_offset = $10
        AND state = 'RUNNING'";

/// Stores the totals of a complete version. Its reservation becomes its true size.
pub(crate) const COMPLETE: &str = "
    UPDATE versions SET completed_at = $1, chunks = $2, source_bytes = $3, reserved_bytes = $3,
        text_bytes = $4, characters = $5, lines = $6, source_sha256 = $7, charset = $8,
        engine_version = $9
    WHERE document_uid = $10 AND version = $11";

/// Selects the number of a document's current version.
pub(crate) const CURRENT_VERSION: &str = "SELECT current_version FROM documents WHERE uid = $1";

/// Makes the version of an upload current. Sets the metadata that the upload sent. The first version sets the defaults
/// of the rest, because an upload that did not complete may have created the document.
pub(crate) const MAKE_CURRENT: &str = "
    UPDATE documents SET current_version = uploads.version, revision = revision + 1, updated_at = $1,
        display_name = coalesce(uploads.display_name,
            CASE current_version WHEN 0 THEN document_id ELSE documents.display_name END),
        media_type = coalesce(uploads.media_type,
            CASE current_version WHEN 0 THEN $4 ELSE documents.media_type END),
        labels = coalesce(uploads.labels,
            CASE current_version WHEN 0 THEN '{}' ELSE documents.labels END)
    FROM uploads
    WHERE documents.uid = $2 AND uploads.tenant = documents.tenant AND uploads.uid = $3";

/// Marks the chunks of a version for removal.
pub(crate) const SWEEP: &str =
    "UPDATE versions SET sweep_after = $1 WHERE document_uid = $2 AND version = $3";

/// Takes the next sequence number of changes for a document's collection.
pub(crate) const NUMBER_CHANGE: &str = "
    UPDATE collections SET change_seq = change_seq + 1
    WHERE uid = (SELECT collection_uid FROM documents WHERE uid = $1)";

/// Stores a change of a document under the sequence number that was taken last.
pub(crate) const ADD_CHANGE: &str = "
    INSERT INTO changes (collection_uid, seq, document_uid, document_id, version_before,
        version_after, changed_at)
    SELECT collections.uid, collections.change_seq, documents.uid, documents.document_id, $1, $2, $3
    FROM documents JOIN collections ON collections.uid = documents.collection_uid
    WHERE documents.uid = $4";

/// Selects the running uploads of a collection.
pub(crate) const RUNNING_IN_COLLECTION: &str = "
    SELECT * FROM upload_rows WHERE state = 'RUNNING'
        AND (SELECT collection_uid FROM documents WHERE uid = document_uid) = $1";
