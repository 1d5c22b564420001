-- Work that the server does by itself. A deletion is an operation; whoever holds the lease does it.
CREATE TABLE deletions (
    tenant text COLLATE "C" NOT NULL,
    uid uuid NOT NULL,
    -- The name of what is deleted.
    target text NOT NULL,
    -- One document, or none: the whole collection.
    document_uid uuid REFERENCES documents (uid),
    collection_uid uuid NOT NULL REFERENCES collections (uid),
    state text COLLATE "C" NOT NULL CONSTRAINT deletions_state CHECK (state IN ('RUNNING', 'SUCCEEDED')),
    seq bigint NOT NULL DEFAULT 1,
    chunks bigint NOT NULL DEFAULT 0,
    -- The digest of the request's fields as they were sent: the same uid with another one is refused.
    request_sha256 bytea NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (tenant, uid)
);

CREATE INDEX deletions_by_age ON deletions (tenant, created_at, uid);
CREATE INDEX deletions_by_state ON deletions (state, updated_at);
CREATE INDEX deletions_by_document ON deletions (document_uid);
CREATE INDEX deletions_by_collection ON deletions (collection_uid);

-- Who does the work: a holder whose fence is not the newest can no longer change anything.
CREATE TABLE leases (
    name text NOT NULL PRIMARY KEY,
    holder uuid NOT NULL,
    fence bigint NOT NULL,
    expires_at bigint NOT NULL
);

-- What changed in a collection, in the order of the commits.
CREATE TABLE changes (
    collection_uid uuid NOT NULL REFERENCES collections (uid),
    seq bigint NOT NULL,
    document_uid uuid NOT NULL,
    document_id text COLLATE "C" NOT NULL,
    -- What was current before; 0: nothing.
    version_before bigint NOT NULL,
    -- What is current since; 0: the document was deleted.
    version_after bigint NOT NULL,
    changed_at bigint NOT NULL,
    PRIMARY KEY (collection_uid, seq)
);

CREATE INDEX changes_by_document ON changes (document_uid, seq);
CREATE INDEX changes_by_age ON changes (changed_at);

-- Made once, shared by all instances: the key of page tokens.
CREATE TABLE secrets (
    name text NOT NULL PRIMARY KEY,
    value bytea NOT NULL
);

-- Everything that can be watched. No joins: so each part is read in the order of its index.
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
