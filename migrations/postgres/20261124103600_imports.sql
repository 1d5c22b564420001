-- An import is an upload whose bytes come from a file below the import root. The file must stay
-- unchanged from the request to the last byte.
ALTER TABLE uploads
    ADD COLUMN import_path text NOT NULL DEFAULT '',
    ADD COLUMN import_bytes bigint NOT NULL DEFAULT 0,
    ADD COLUMN import_modified_ns bigint NOT NULL DEFAULT 0,
    ADD COLUMN import_changed_ns bigint NOT NULL DEFAULT 0,
    ADD COLUMN import_inode bigint NOT NULL DEFAULT 0;

-- Running imports, oldest first: they are few, and polled often.
CREATE INDEX uploads_imports ON uploads (created_at, uid)
    WHERE import_path <> '' AND state = 'RUNNING';

-- The kind of operation that an upload is.
CREATE FUNCTION upload_kind(source_version bigint, import_path text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE
    WHEN import_path <> '' THEN 'IMPORT_DOCUMENT'
    WHEN source_version > 0 THEN 'RECHUNK_DOCUMENT'
    ELSE 'UPLOAD'
END;

-- The same views, with the new columns and the new kind of operation.
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

-- All operations that can be watched. Without joins, each part is read in the order of its index.
CREATE OR REPLACE VIEW operations AS
SELECT
    tenant,
    uid,
    upload_kind(source_version, import_path) AS kind,
    target,
    state,
    seq,
    committed_offset,
    next_ordinal AS chunks,
    failure_reason,
    failure_message,
    created_at,
    updated_at
FROM uploads
UNION ALL
SELECT
    tenant,
    uid,
    CASE WHEN document_uid IS NULL THEN 'DELETE_COLLECTION' ELSE 'DELETE_DOCUMENT' END,
    target,
    state,
    seq,
    0::bigint,
    chunks,
    ''::text,
    ''::text,
    created_at,
    updated_at
FROM deletions
UNION ALL
SELECT
    tenant,
    uid,
    'MOVE_DOCUMENT'::text,
    target,
    state,
    seq,
    0::bigint,
    chunks,
    failure_reason,
    failure_message,
    created_at,
    updated_at
FROM moves;

DROP FUNCTION upload_kind(bigint);
