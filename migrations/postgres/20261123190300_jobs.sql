-- Work that the server does by itself. A deletion is an operation, and the holder of the lease executes
-- it.
CREATE TABLE deletions (
    tenant text COLLATE "C" NOT NULL,
    uid uuid NOT NULL,
    -- The name of the deleted document or collection.
    target text NOT NULL,
    -- The document, or NULL for the whole collection.
    document_uid uuid REFERENCES documents (uid),
    collection_uid uuid NOT NULL REFERENCES collections (uid),
    state text COLLATE "C" NOT NULL CONSTRAINT deletions_state CHECK (state IN ('RUNNING', 'SUCCEEDED')),
    seq bigint NOT NULL DEFAULT 1,
    chunks bigint NOT NULL DEFAULT 0,
    -- The digest of the request's fields as sent. A request with the same uid and another digest is
    -- refused.
    request_sha256 bytea NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (tenant, uid)
);

CREATE INDEX deletions_by_age ON deletions (tenant, created_at, uid);
CREATE INDEX deletions_by_state ON deletions (state, updated_at);
CREATE INDEX deletions_by_document ON deletions (document_uid);
CREATE INDEX deletions_by_collection ON deletions (collection_uid);

-- The holders of work. A holder whose fence is not the newest can no longer change anything.
CREATE TABLE leases (
    name text NOT NULL PRIMARY KEY,
    holder uuid NOT NULL,
    fence bigint NOT NULL,
    expires_at bigint NOT NULL
);

-- The changes of a collection, in the order of commits.
CREATE TABLE changes (
    collection_uid uuid NOT NULL REFERENCES collections (uid),
    seq bigint NOT NULL,
    document_uid uuid NOT NULL,
    document_id text COLLATE "C" NOT NULL,
    -- The version that was current before; 0 if there was none.
    version_before bigint NOT NULL,
    -- The version that is current since; 0 if the document was deleted.
    version_after bigint NOT NULL,
    changed_at bigint NOT NULL,
    PRIMARY KEY (collection_uid, seq)
);

CREATE INDEX changes_by_document ON changes (document_uid, seq);
CREATE INDEX changes_by_age ON changes (changed_at);

-- The key of page tokens, made once and shared by all instances.
CREATE TABLE secrets (
    name text NOT NULL PRIMARY KEY,
    value bytea NOT NULL
);

-- All operations that can be watched. Without joins, each part is read in the order of its index.
CREATE VIEW operations AS
SELECT
    tenant,
    uid,
    upload_kind(source_version) AS kind,
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
