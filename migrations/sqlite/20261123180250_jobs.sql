-- Work that the server does by itself. A deletion is an operation, and the holder of the lease executes
-- it.
CREATE TABLE deletions (
    tenant TEXT NOT NULL,
    uid BLOB NOT NULL,
    -- The name of the deleted document or collection.
    target TEXT NOT NULL,
    -- The document, or NULL for the whole collection.
    document_uid BLOB REFERENCES documents (uid),
    collection_uid BLOB NOT NULL REFERENCES collections (uid),
    state TEXT NOT NULL CONSTRAINT deletions_state CHECK (state IN ('RUNNING', 'SUCCEEDED')),
    seq INTEGER NOT NULL DEFAULT 1,
    chunks INTEGER NOT NULL DEFAULT 0,
    -- The digest of the request's fields as sent. A request with the same uid and another digest is
    -- refused.
    request_sha256 BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, uid)
) WITHOUT ROWID;

CREATE INDEX deletions_by_age ON deletions (tenant, created_at, uid);
CREATE INDEX deletions_by_state ON deletions (state, updated_at);
CREATE INDEX deletions_by_document ON deletions (document_uid);
CREATE INDEX deletions_by_collection ON deletions (collection_uid);

-- The holders of work. A holder whose fence is not the newest can no longer change anything.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder BLOB NOT NULL,
    fence INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- The changes of a collection, in the order of commits.
CREATE TABLE changes (
    collection_uid BLOB NOT NULL REFERENCES collections (uid),
    seq INTEGER NOT NULL,
    document_uid BLOB NOT NULL,
    document_id TEXT NOT NULL,
    -- The version that was current before; 0 if there was none.
    version_before INTEGER NOT NULL,
    -- The version that is current since; 0 if the document was deleted.
    version_after INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (collection_uid, seq)
) WITHOUT ROWID;

CREATE INDEX changes_by_document ON changes (document_uid, seq);
CREATE INDEX changes_by_age ON changes (changed_at);

-- The key of page tokens, made once and shared by all instances.
CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- All operations that can be watched. All parts must have columns of the same affinity; otherwise
-- SQLite could not search them by their indexes.
CREATE VIEW operations AS
SELECT
    uploads.tenant,
    uploads.uid,
    CAST(
        CASE WHEN uploads.source_version = 0 THEN 'UPLOAD' ELSE 'RECHUNK_DOCUMENT' END AS TEXT
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
