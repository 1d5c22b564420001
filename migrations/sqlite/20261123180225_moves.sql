-- A move takes a document's chunks to its other candidate, step by step: copies first, then the
-- document's partition in the transaction of the last copies, then what was left behind goes. A move is
-- an operation; whoever holds the lease does it.
CREATE TABLE moves (
    tenant TEXT NOT NULL,
    uid BLOB NOT NULL,
    -- The name of what is moved.
    target TEXT NOT NULL,
    document_uid BLOB NOT NULL REFERENCES documents (uid),
    collection_uid BLOB NOT NULL REFERENCES collections (uid),
    from_partition INTEGER NOT NULL,
    to_partition INTEGER NOT NULL,
    -- What is before is copied. Uploads write behind it: they only add to the newest version.
    copied_version INTEGER NOT NULL DEFAULT -1,
    copied_ordinal INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL CONSTRAINT moves_state CHECK (state IN ('RUNNING', 'SUCCEEDED', 'FAILED')),
    seq INTEGER NOT NULL DEFAULT 1,
    chunks INTEGER NOT NULL DEFAULT 0,
    failure_reason TEXT NOT NULL DEFAULT '',
    failure_message TEXT NOT NULL DEFAULT '',
    -- Where chunks of the document are that nobody needs, and from when on they may be removed.
    leftover_partition INTEGER,
    leftover_after INTEGER,
    -- The digest of the request's fields as they were sent: the same uid with another one is refused.
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
-- One at a time: a second would copy among what the first has left.
CREATE UNIQUE INDEX moves_pending ON moves (document_uid)
WHERE state = 'RUNNING' OR leftover_partition IS NOT NULL;
