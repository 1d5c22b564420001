-- An upload is an operation in one row, so that chunks, checkpoint and the state for watchers change in
-- one commit. Every commit compares and sets (writer_epoch, committed_offset). The client chooses the
-- uid, so it is unique within the tenant only.
CREATE TABLE uploads (
    tenant TEXT NOT NULL,
    uid BLOB NOT NULL,
    document_uid BLOB NOT NULL REFERENCES documents (uid),
    version INTEGER NOT NULL,
    -- The version whose chunks give the bytes of a rechunk; 0 if a client sends them.
    source_version INTEGER NOT NULL DEFAULT 0,
    -- The metadata of the document once the version is current. NULL leaves the document's value.
    display_name TEXT,
    media_type TEXT,
    labels TEXT,
    spec TEXT NOT NULL,
    -- The digest of the request's fields as sent. A request with the same uid and another digest is
    -- refused.
    request_sha256 BLOB NOT NULL,
    -- The digest and length that the client declared for the source. NULL if it declared none.
    declared_sha256 BLOB,
    declared_bytes INTEGER,
    -- The digest of the source, set at its end. The version has it too, but may be swept earlier.
    source_sha256 BLOB,
    state TEXT NOT NULL CONSTRAINT uploads_state
        CHECK (state IN ('RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    seq INTEGER NOT NULL DEFAULT 1,
    writer_epoch INTEGER NOT NULL DEFAULT 0,
    committed_offset INTEGER NOT NULL DEFAULT 0,
    next_ordinal INTEGER NOT NULL DEFAULT 0,
    -- Empty before the first commit.
    checkpoint BLOB NOT NULL DEFAULT x'',
    failure_reason TEXT NOT NULL DEFAULT '',
    failure_message TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, uid),
    CONSTRAINT uploads_version UNIQUE (document_uid, version)
) WITHOUT ROWID;

-- For lists of operations, newest first.
CREATE INDEX uploads_by_age ON uploads (tenant, created_at, uid);
-- Abandoned uploads, and ended ones, which expire.
CREATE INDEX uploads_by_state ON uploads (state, updated_at);
-- Rechunks, oldest first: they are few, and polled often.
CREATE INDEX uploads_rechunks ON uploads (state, created_at, uid)
WHERE source_version > 0 AND state = 'RUNNING';

-- An upload with the names and the partition of its document.
CREATE VIEW upload_rows AS
SELECT
    uploads.*,
    documents.document_id,
    documents.partition_key,
    CASE
        WHEN uploads.state = 'RUNNING' AND uploads.labels IS NOT NULL THEN uploads.labels
        WHEN documents.current_version = 0 THEN '{}'
        ELSE documents.labels
    END AS document_labels,
    collections.collection_id,
    coalesce(documents.deleted_at, collections.deleted_at) AS document_deleted_at
FROM uploads
JOIN documents ON documents.uid = uploads.document_uid
JOIN collections ON collections.uid = documents.collection_uid;
