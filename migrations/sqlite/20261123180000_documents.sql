-- Collections, documents and their versions. The server makes the uid of a document. The client's name
-- for it is unique within its collection until the deletion. The uid decides the two candidate
-- partitions of a document; a CHECK refuses a row with another partition. A deleted document keeps its
-- row, without its name, until its last chunk and its last upload are removed.
CREATE TABLE collections (
    uid BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    collection_id TEXT NOT NULL,
    preferences TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    -- The newest change, and the newest change that has expired.
    change_seq INTEGER NOT NULL DEFAULT 0,
    change_seq_forgotten INTEGER NOT NULL DEFAULT 0,
    -- The digest of the request's fields as sent. A request with the same uid and another digest is
    -- refused.
    request_sha256 BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
) WITHOUT ROWID;

CREATE UNIQUE INDEX collections_name ON collections (tenant, collection_id) WHERE deleted_at IS NULL;
CREATE INDEX collections_deleted ON collections (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE documents (
    uid BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    collection_uid BLOB NOT NULL REFERENCES collections (uid),
    document_id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    labels TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    partition_key INTEGER NOT NULL,
    candidate_a INTEGER NOT NULL,
    candidate_b INTEGER NOT NULL,
    -- The version that readers see; 0 before the first complete upload.
    current_version INTEGER NOT NULL DEFAULT 0,
    latest_version INTEGER NOT NULL DEFAULT 0,
    -- Chunks and bytes of text that its partition holds, in all versions.
    chunks INTEGER NOT NULL DEFAULT 0,
    text_bytes INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    CONSTRAINT documents_partition CHECK (partition_key IN (candidate_a, candidate_b)),
    CONSTRAINT documents_partition_range CHECK (partition_key BETWEEN 0 AND 99)
) WITHOUT ROWID;

CREATE UNIQUE INDEX documents_name ON documents (tenant, collection_uid, document_id) WHERE deleted_at IS NULL;
-- The documents of a collection in the order of creation: all, the live ones, and the deleted ones,
-- which expire.
CREATE INDEX documents_by_collection ON documents (collection_uid, uid);
CREATE INDEX documents_live ON documents (collection_uid, uid) WHERE deleted_at IS NULL;
CREATE INDEX documents_deleted ON documents (deleted_at) WHERE deleted_at IS NOT NULL;
-- Placement and health sum the documents of a partition. Its largest documents are at the end of the
-- index.
CREATE INDEX documents_by_partition ON documents (partition_key, chunks, text_bytes, deleted_at);

-- A version exists from the start of its upload until its last chunk is swept.
CREATE TABLE versions (
    document_uid BLOB NOT NULL REFERENCES documents (uid),
    version INTEGER NOT NULL,
    -- The columns below are valid once this is set.
    completed_at INTEGER,
    chunks INTEGER NOT NULL DEFAULT 0,
    source_bytes INTEGER NOT NULL DEFAULT 0,
    text_bytes INTEGER NOT NULL DEFAULT 0,
    characters INTEGER NOT NULL DEFAULT 0,
    lines INTEGER NOT NULL DEFAULT 0,
    source_sha256 BLOB NOT NULL DEFAULT x'',
    -- The charset that the source was decoded from. With it, the chunks give the source back.
    charset TEXT NOT NULL DEFAULT '',
    -- The chunking and decoding, in full: an upload of the source with them gives the same chunks.
    spec TEXT NOT NULL,
    -- The version of the engine that completed it.
    engine_version INTEGER NOT NULL DEFAULT 0,
    -- The time from which its chunks may be removed. NULL while the version is current or in progress.
    sweep_after INTEGER,
    PRIMARY KEY (document_uid, version)
) WITHOUT ROWID;

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
