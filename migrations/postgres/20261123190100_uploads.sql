-- An upload is an operation in one row, so that chunks, checkpoint and the state for watchers change in
-- one commit. Every commit compares and sets (writer_epoch, committed_offset). The client chooses the
-- uid, so it is unique within the tenant only.
CREATE TABLE uploads (
    tenant text COLLATE "C" NOT NULL,
    uid uuid NOT NULL,
    -- The document's name for watchers. It never changes.
    target text NOT NULL,
    document_uid uuid NOT NULL REFERENCES documents (uid),
    version bigint NOT NULL,
    -- The version whose chunks give the bytes of a rechunk; 0 if a client sends them.
    source_version bigint NOT NULL DEFAULT 0,
    -- The metadata of the document once the version is current. NULL leaves the document's value.
    display_name text,
    media_type text,
    labels text,
    spec text NOT NULL,
    -- The digest of the request's fields as sent. A request with the same uid and another digest is
    -- refused.
    request_sha256 bytea NOT NULL,
    -- The digest and length that the client declared for the source. NULL if it declared none.
    declared_sha256 bytea,
    declared_bytes bigint,
    -- The digest of the source, set at its end. The version has it too, but may be swept earlier.
    source_sha256 bytea,
    state text COLLATE "C" NOT NULL CONSTRAINT uploads_state
        CHECK (state IN ('RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    seq bigint NOT NULL DEFAULT 1,
    writer_epoch bigint NOT NULL DEFAULT 0,
    committed_offset bigint NOT NULL DEFAULT 0,
    next_ordinal bigint NOT NULL DEFAULT 0,
    -- Empty before the first commit.
    checkpoint bytea NOT NULL DEFAULT '',
    failure_reason text NOT NULL DEFAULT '',
    failure_message text NOT NULL DEFAULT '',
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (tenant, uid),
    CONSTRAINT uploads_version UNIQUE (document_uid, version)
-- Each commit rewrites the row. No index has a column that a commit changes, and the page keeps free
-- room.
) WITH (fillfactor = 50);

-- For lists of operations, newest first.
CREATE INDEX uploads_by_age ON uploads (tenant, created_at, uid);
-- Running uploads, which are few among many, and ended ones, which expire.
CREATE INDEX uploads_running ON uploads (document_uid) WHERE state = 'RUNNING';
CREATE INDEX uploads_ended ON uploads (updated_at) WHERE state <> 'RUNNING';

-- Rechunks, oldest first: they are few, and polled often.
CREATE INDEX uploads_rechunks ON uploads (created_at, uid)
    WHERE source_version > 0 AND state = 'RUNNING';

-- The kind of operation that an upload is.
CREATE FUNCTION upload_kind(source_version bigint) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN source_version = 0 THEN 'UPLOAD' ELSE 'RECHUNK_DOCUMENT' END;

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
