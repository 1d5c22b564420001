-- A move copies a document's chunks to its other candidate partition, step by step. The transaction of
-- the last copies sets the document's partition; then the old chunks are removed. A move is an
-- operation, and the holder of the lease executes it.
CREATE TABLE moves (
    tenant TEXT NOT NULL,
    uid BLOB NOT NULL,
    -- The name of the document that is moved.
    target TEXT NOT NULL,
    document_uid BLOB NOT NULL REFERENCES documents (uid),
    collection_uid BLOB NOT NULL REFERENCES collections (uid),
    from_partition INTEGER NOT NULL,
    to_partition INTEGER NOT NULL,
    -- The cursor: chunks before it are copied. Uploads write after it, because they only add to the
    -- newest version.
    copied_version INTEGER NOT NULL DEFAULT -1,
    copied_ordinal INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL CONSTRAINT moves_state CHECK (state IN ('RUNNING', 'SUCCEEDED', 'FAILED')),
    seq INTEGER NOT NULL DEFAULT 1,
    chunks INTEGER NOT NULL DEFAULT 0,
    failure_reason TEXT NOT NULL DEFAULT '',
    failure_message TEXT NOT NULL DEFAULT '',
    -- The partition with chunks that are no longer needed, and the time from which they may be removed.
    leftover_partition INTEGER,
    leftover_after INTEGER,
    -- The digest of the request's fields as sent. A request with the same uid and another digest is
    -- refused.
    request_sha256 BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, uid),
    CONSTRAINT moves_leftover CHECK ((leftover_partition IS NULL) = (leftover_after IS NULL))
) WITHOUT ROWID;

CREATE INDEX moves_by_age ON moves (tenant, created_at, uid);
CREATE INDEX moves_by_state ON moves (state, updated_at);
CREATE INDEX moves_by_document ON moves (document_uid);
CREATE INDEX moves_to_sweep ON moves (leftover_after) WHERE leftover_partition IS NOT NULL;
-- One move at a time: a second one would mix its copies with the chunks that the first has left.
CREATE UNIQUE INDEX moves_pending ON moves (document_uid)
WHERE state = 'RUNNING' OR leftover_partition IS NOT NULL;
