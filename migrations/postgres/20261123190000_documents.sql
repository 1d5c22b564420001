-- Collections, documents and their versions. A document has a uid of the server's making; what the
-- client calls it is unique within its collection while it lives. What is deleted keeps its row,
-- without its name, until its last chunk and its last upload are gone. Names sort by their bytes.

-- The two partitions that may hold a document's chunks: of its uid's last four bytes, which are
-- random, two decide the first, and two how far the second is from it. The program computes the same.
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
    -- The newest change, and the newest that is no longer kept.
    change_seq bigint NOT NULL DEFAULT 0,
    change_seq_forgotten bigint NOT NULL DEFAULT 0,
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
    -- What its partition holds of it, in all versions.
    chunks bigint NOT NULL DEFAULT 0,
    text_bytes bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    deleted_at bigint,
    CONSTRAINT documents_partition CHECK (
        partition_key IN (partition_candidate_a(uid), partition_candidate_b(uid))
    )
-- Each commit counts on the row: with room on its page it need not touch the indexes.
) WITH (fillfactor = 70);

CREATE UNIQUE INDEX documents_name ON documents (tenant, collection_uid, document_id)
    WHERE deleted_at IS NULL;
-- A collection's documents in the order in which they were made: all, those that live, and those
-- that are forgotten some day.
CREATE INDEX documents_by_collection ON documents (collection_uid, uid);
CREATE INDEX documents_live ON documents (collection_uid, uid) WHERE deleted_at IS NULL;
CREATE INDEX documents_deleted ON documents (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX documents_by_partition ON documents (partition_key);

-- A version is there from its upload's start until its last chunk is swept.
CREATE TABLE versions (
    document_uid uuid NOT NULL REFERENCES documents (uid),
    version bigint NOT NULL,
    -- What is below is true once this is set.
    completed_at bigint,
    chunks bigint NOT NULL DEFAULT 0,
    source_bytes bigint NOT NULL DEFAULT 0,
    text_bytes bigint NOT NULL DEFAULT 0,
    characters bigint NOT NULL DEFAULT 0,
    lines bigint NOT NULL DEFAULT 0,
    source_sha256 bytea NOT NULL DEFAULT '',
    -- The charset that the source was decoded from.
    charset text NOT NULL DEFAULT '',
    -- How it is chunked and decoded, as a new upload of its source would have to be.
    spec text NOT NULL,
    -- The version of the engine that ended it.
    engine_version bigint NOT NULL DEFAULT 0,
    -- From when on its chunks may be removed; never, for a version that is current or being made.
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
-- The tenant too: by it and the two names the document is found.
JOIN collections ON collections.uid = documents.collection_uid
    AND collections.tenant = documents.tenant
LEFT JOIN versions ON versions.document_uid = documents.uid
    AND versions.version = documents.current_version;
