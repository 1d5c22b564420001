-- An upload is an operation: one row, so that chunks, checkpoint and what watchers see move in one
-- commit. (writer_epoch, committed_offset) is compared and set by every commit.
CREATE TABLE uploads (
    uid BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    document_uid BLOB NOT NULL REFERENCES documents (uid),
    version INTEGER NOT NULL,
    spec TEXT NOT NULL,
    state TEXT NOT NULL CONSTRAINT uploads_state
        CHECK (state IN ('UPLOADING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
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
    CONSTRAINT uploads_version UNIQUE (document_uid, version)
) WITHOUT ROWID;
