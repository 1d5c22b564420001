-- Collections, documents and their versions. A document has a uid of the server's making; what the
-- client calls it is unique within its collection while it lives. Its partition is one of two
-- candidates that its uid decides, so a row that says otherwise is refused. What is deleted keeps its
-- row, without its name, until its last chunk and its last upload are gone.
CREATE TABLE collections (
    uid BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    collection_id TEXT NOT NULL,
    preferences TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    -- The newest change, and the newest that is no longer kept.
    change_seq INTEGER NOT NULL DEFAULT 0,
    change_seq_forgotten INTEGER NOT NULL DEFAULT 0,
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
    -- What its partition holds of it, in all versions.
    chunks INTEGER NOT NULL DEFAULT 0,
    text_bytes INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    CONSTRAINT documents_partition CHECK (partition_key IN (candidate_a, candidate_b)),
    CONSTRAINT documents_partition_range CHECK (partition_key BETWEEN 0 AND 99)
) WITHOUT ROWID;

CREATE UNIQUE INDEX documents_name ON documents (tenant, collection_uid, document_id) WHERE deleted_at IS NULL;
-- A collection's documents in the order in which they were made: all, those that live, and those
-- that are forgotten some day.
CREATE INDEX documents_by_collection ON documents (collection_uid, uid);
CREATE INDEX documents_live ON documents (collection_uid, uid) WHERE deleted_at IS NULL;
CREATE INDEX documents_deleted ON documents (deleted_at) WHERE deleted_at IS NOT NULL;
-- Placement and health sum a partition's documents; its largest are at the index's end.
CREATE INDEX documents_by_partition ON documents (partition_key, chunks, text_bytes, deleted_at);

-- A version is there from its upload's start until its last chunk is swept.
CREATE TABLE versions (
    document_uid BLOB NOT NULL REFERENCES documents (uid),
    version INTEGER NOT NULL,
    -- What is below is true once this is set.
    completed_at INTEGER,
    chunks INTEGER NOT NULL DEFAULT 0,
    source_bytes INTEGER NOT NULL DEFAULT 0,
    text_bytes INTEGER NOT NULL DEFAULT 0,
    characters INTEGER NOT NULL DEFAULT 0,
    lines INTEGER NOT NULL DEFAULT 0,
    source_sha256 BLOB NOT NULL DEFAULT x'',
    -- What the source was decoded from: with it, the chunks give the source back.
    charset TEXT NOT NULL DEFAULT '',
    -- How it is chunked and decoded, as a new upload of its source would have to be.
    spec TEXT NOT NULL,
    -- The version of the engine that ended it.
    engine_version INTEGER NOT NULL DEFAULT 0,
    -- From when on its chunks may be removed; never, for a version that is current or being made.
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
-- The tenant too: by it and the two names the document is found.
JOIN collections ON collections.uid = documents.collection_uid
    AND collections.tenant = documents.tenant
LEFT JOIN versions ON versions.document_uid = documents.uid
    AND versions.version = documents.current_version;
