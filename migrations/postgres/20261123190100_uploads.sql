-- An upload is an operation: one row, so that chunks, checkpoint and what watchers see move in one
-- commit. (writer_epoch, committed_offset) is compared and set by every commit. The uid is the
-- client's, so it is unique within the tenant only.
CREATE TABLE uploads (
    tenant text COLLATE "C" NOT NULL,
    uid uuid NOT NULL,
    -- The document's name, which never changes: watchers see it.
    target text NOT NULL,
    document_uid uuid NOT NULL REFERENCES documents (uid),
    version bigint NOT NULL,
    -- The version whose chunks its bytes are made of; 0: a client sends them.
    source_version bigint NOT NULL DEFAULT 0,
    -- What the document is called once the version is current.
    display_name text NOT NULL,
    media_type text NOT NULL,
    labels text NOT NULL,
    spec text NOT NULL,
    -- The digest of the request's fields as they were sent: the same uid with another one is refused.
    request_sha256 bytea NOT NULL,
    -- What the first message declared of the source. NULL: it declared nothing.
    declared_sha256 bytea,
    declared_bytes bigint,
    -- The digest of the source, from its end on: the version that has it too is swept earlier.
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
-- Each commit writes the row anew: no index has a column that it changes, and its page has room.
) WITH (fillfactor = 50);

-- Lists of operations, the newest first.
CREATE INDEX uploads_by_age ON uploads (tenant, created_at, uid);
-- Those that run, few among many, and those that are no longer asked for some day.
CREATE INDEX uploads_running ON uploads (document_uid) WHERE state = 'RUNNING';
CREATE INDEX uploads_ended ON uploads (updated_at) WHERE state <> 'RUNNING';

-- Those that the server makes of a version's chunks, the oldest first: few, and looked for often.
CREATE INDEX uploads_rechunks ON uploads (created_at, uid)
    WHERE source_version > 0 AND state = 'RUNNING';

-- What an upload is as an operation.
CREATE FUNCTION upload_kind(source_version bigint) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN source_version = 0 THEN 'UPLOAD' ELSE 'RECHUNK_DOCUMENT' END;

-- An upload with the names and the place of its document.
CREATE VIEW upload_rows AS
SELECT
    uploads.*,
    documents.document_id,
    documents.partition_key,
    collections.collection_id,
    coalesce(documents.deleted_at, collections.deleted_at) AS document_deleted_at
FROM uploads
JOIN documents ON documents.uid = uploads.document_uid
JOIN collections ON collections.uid = documents.collection_uid;
