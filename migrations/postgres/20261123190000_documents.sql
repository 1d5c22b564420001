-- Collections, documents and their versions. The server makes the uid of a document. The client's name
-- for it is unique within its collection until the deletion. A deleted document keeps its row, without
-- its name, until its last chunk and its last upload are removed. Names sort by their bytes.

-- The two partitions that may hold a document's chunks. They follow from the last four bytes of its
-- uid, which are random: two bytes choose the first partition, two the distance to the second. The
-- program computes the same.
CREATE FUNCTION partition_candidate_a(uid uuid) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (get_byte(uuid_send(uid), 12) * 256 + get_byte(uuid_send(uid), 13)) % 100;

CREATE FUNCTION partition_candidate_b(uid uuid) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ((get_byte(uuid_send(uid), 12) * 256 + get_byte(uuid_send(uid), 13)) % 100
    + 1 + (get_byte(uuid_send(uid), 14) * 256 + get_byte(uuid_send(uid), 15)) % 99) % 100;

CREATE TABLE collections (
    uid uuid NOT NULL PRIMARY KEY,
    tenant text COLLATE "C" NOT NULL,
    collection_id text COLLATE "C" NOT NULL,
    preferences text NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    -- The newest change, and the newest change that has expired.
    change_seq bigint NOT NULL DEFAULT 0,
    change_seq_forgotten bigint NOT NULL DEFAULT 0,
    -- The digest of the request's fields as sent. A request with the same uid and another digest is
    -- refused.
    request_sha256 bytea NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    deleted_at bigint
) WITH (fillfactor = 50);

CREATE UNIQUE INDEX collections_name ON collections (tenant, collection_id) WHERE deleted_at IS NULL;
CREATE INDEX collections_deleted ON collections (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE documents (
    uid uuid NOT NULL PRIMARY KEY,
    tenant text COLLATE "C" NOT NULL,
    collection_uid uuid NOT NULL REFERENCES collections (uid),
    document_id text COLLATE "C" NOT NULL,
    display_name text NOT NULL,
    media_type text NOT NULL,
    labels text NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    partition_key integer NOT NULL,
    -- The version that readers see; 0 before the first complete upload.
    current_version bigint NOT NULL DEFAULT 0,
    latest_version bigint NOT NULL DEFAULT 0,
    -- Chunks and bytes of text that its partition holds, in all versions.
    chunks bigint NOT NULL DEFAULT 0,
    text_bytes bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    deleted_at bigint,
    CONSTRAINT documents_partition CHECK (
        partition_key IN (partition_candidate_a(uid), partition_candidate_b(uid))
    )
-- Each commit updates the counts of the row. Free room on the page avoids updates of the indexes.
) WITH (fillfactor = 70);

CREATE UNIQUE INDEX documents_name ON documents (tenant, collection_uid, document_id)
    WHERE deleted_at IS NULL;
-- The documents of a collection in the order of creation: all, the live ones, and the deleted ones,
-- which expire.
CREATE INDEX documents_by_collection ON documents (collection_uid, uid);
CREATE INDEX documents_live ON documents (collection_uid, uid) WHERE deleted_at IS NULL;
CREATE INDEX documents_deleted ON documents (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX documents_by_partition ON documents (partition_key);

-- A version exists from the start of its upload until its last chunk is swept.
CREATE TABLE versions (
    document_uid uuid NOT NULL REFERENCES documents (uid),
    version bigint NOT NULL,
    -- The columns below are valid once this is set.
    completed_at bigint,
    chunks bigint NOT NULL DEFAULT 0,
    source_bytes bigint NOT NULL DEFAULT 0,
    text_bytes bigint NOT NULL DEFAULT 0,
    characters bigint NOT NULL DEFAULT 0,
    lines bigint NOT NULL DEFAULT 0,
    source_sha256 bytea NOT NULL DEFAULT '',
    -- The charset that the source was decoded from.
    charset text NOT NULL DEFAULT '',
    -- The chunking and decoding, in full: an upload of the source with them gives the same chunks.
    spec text NOT NULL,
    -- The version of the engine that completed it.
    engine_version bigint NOT NULL DEFAULT 0,
    -- The time from which its chunks may be removed. NULL while the version is current or in progress.
    sweep_after bigint,
    PRIMARY KEY (document_uid, version)
);

CREATE INDEX versions_to_sweep ON versions (sweep_after) WHERE sweep_after IS NOT NULL;

-- A document with its current version, if it has one, and the name of its collection.
CREATE VIEW document_rows AS
SELECT
    documents.*,
    collections.collection_id,
    collections.deleted_at AS collection_deleted_at,
    versions.version,
    versions.chunks AS version_chunks,
    versions.source_bytes,
    versions.text_bytes AS version_text_bytes,
    versions.characters,
    versions.lines,
    versions.source_sha256,
    versions.charset,
    versions.spec,
    versions.engine_version
FROM documents
-- The tenant is part of the join because a look-up uses it with the two names.
JOIN collections ON collections.uid = documents.collection_uid
    AND collections.tenant = documents.tenant
LEFT JOIN versions ON versions.document_uid = documents.uid
    AND versions.version = documents.current_version;
