-- An import is an upload whose bytes come from a file below the import root. The file must stay
-- unchanged from the request to the last byte.
ALTER TABLE uploads ADD COLUMN import_path TEXT NOT NULL DEFAULT '';
ALTER TABLE uploads ADD COLUMN import_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE uploads ADD COLUMN import_modified_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE uploads ADD COLUMN import_changed_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE uploads ADD COLUMN import_inode INTEGER NOT NULL DEFAULT 0;

-- Running imports, oldest first: they are few, and polled often.
CREATE INDEX uploads_imports ON uploads (state, created_at, uid)
WHERE import_path <> '' AND state = 'RUNNING';

-- The same views, with the new kind of operation.
DROP VIEW upload_rows;

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

DROP VIEW operations;

-- All operations that can be watched. All parts must have columns of the same affinity; otherwise
-- SQLite could not search them by their indexes.
CREATE VIEW operations AS
SELECT
    uploads.tenant,
    uploads.uid,
    CAST(
        CASE
            WHEN uploads.import_path <> '' THEN 'IMPORT_DOCUMENT'
            WHEN uploads.source_version > 0 THEN 'RECHUNK_DOCUMENT'
            ELSE 'UPLOAD'
        END AS TEXT
    ) AS kind,
    CAST(
        'collections/' || collections.collection_id || '/documents/' || documents.document_id AS TEXT
    ) AS target,
    uploads.state,
    uploads.seq,
    uploads.committed_offset,
    uploads.next_ordinal AS chunks,
    uploads.failure_reason,
    uploads.failure_message,
    uploads.created_at,
    uploads.updated_at
FROM uploads
JOIN documents ON documents.uid = uploads.document_uid
JOIN collections ON collections.uid = documents.collection_uid
UNION ALL
SELECT
    tenant,
    uid,
    CAST(
        CASE WHEN document_uid IS NULL THEN 'DELETE_COLLECTION' ELSE 'DELETE_DOCUMENT' END AS TEXT
    ),
    target,
    state,
    seq,
    CAST(0 AS INTEGER),
    chunks,
    CAST('' AS TEXT),
    CAST('' AS TEXT),
    created_at,
    updated_at
FROM deletions
UNION ALL
SELECT
    tenant,
    uid,
    CAST('MOVE_DOCUMENT' AS TEXT),
    target,
    state,
    seq,
    CAST(0 AS INTEGER),
    chunks,
    failure_reason,
    failure_message,
    created_at,
    updated_at
FROM moves;
