-- A move takes a document's chunks to its other candidate, step by step: copies first, then the
-- document's partition in the transaction of the last copies, then what was left behind goes. A move is
-- an operation; whoever holds the lease does it.
CREATE TABLE moves (
    tenant text COLLATE "C" NOT NULL,
    uid uuid NOT NULL,
    -- The name of what is moved.
    target text NOT NULL,
    document_uid uuid NOT NULL REFERENCES documents (uid),
    collection_uid uuid NOT NULL REFERENCES collections (uid),
    from_partition integer NOT NULL,
    to_partition integer NOT NULL,
    -- What is before is copied. Uploads write behind it: they only add to the newest version.
    copied_version bigint NOT NULL DEFAULT -1,
    copied_ordinal bigint NOT NULL DEFAULT 0,
    state text COLLATE "C" NOT NULL CONSTRAINT moves_state CHECK (state IN ('RUNNING', 'SUCCEEDED', 'FAILED')),
    seq bigint NOT NULL DEFAULT 1,
    chunks bigint NOT NULL DEFAULT 0,
    failure_reason text NOT NULL DEFAULT '',
    failure_message text NOT NULL DEFAULT '',
    -- Where chunks of the document are that nobody needs, and from when on they may be removed.
    leftover_partition integer,
    leftover_after bigint,
    -- The digest of the request's fields as they were sent: the same uid with another one is refused.
    request_sha256 bytea NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (tenant, uid),
    CONSTRAINT moves_leftover CHECK ((leftover_partition IS NULL) = (leftover_after IS NULL))
);

CREATE INDEX moves_by_age ON moves (tenant, created_at, uid);
CREATE INDEX moves_by_state ON moves (state, updated_at);
CREATE INDEX moves_by_document ON moves (document_uid);
CREATE INDEX moves_to_sweep ON moves (leftover_after) WHERE leftover_partition IS NOT NULL;
-- One at a time: a second would copy among what the first has left.
CREATE UNIQUE INDEX moves_pending ON moves (document_uid)
WHERE state = 'RUNNING' OR leftover_partition IS NOT NULL;
