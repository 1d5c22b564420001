-- Collections, documents and their versions. A document has a uid of the server's making; what the
-- client calls it is unique within its collection. Its partition is one of two candidates that its
-- uid decides, so a row that says otherwise is refused.
CREATE TABLE collections (
    uid BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    collection_id TEXT NOT NULL,
    spec TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT collections_name UNIQUE (tenant, collection_id)
) WITHOUT ROWID;

CREATE TABLE documents (
    uid BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    collection_uid BLOB NOT NULL REFERENCES collections (uid),
    document_id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    labels TEXT NOT NULL,
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
    CONSTRAINT documents_name UNIQUE (tenant, collection_uid, document_id),
    CONSTRAINT documents_partition CHECK (partition_key IN (candidate_a, candidate_b)),
    CONSTRAINT documents_partition_range CHECK (partition_key BETWEEN 0 AND 99)
) WITHOUT ROWID;

-- Placement and health sum a partition's documents.
CREATE INDEX documents_by_partition ON documents (partition_key, chunks, text_bytes);

CREATE TABLE versions (
    document_uid BLOB NOT NULL REFERENCES documents (uid),
    version INTEGER NOT NULL,
    chunks INTEGER NOT NULL,
    source_bytes INTEGER NOT NULL,
    text_bytes INTEGER NOT NULL,
    characters INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    source_sha256 BLOB NOT NULL,
    completed_at INTEGER NOT NULL,
    PRIMARY KEY (document_uid, version)
) WITHOUT ROWID;
