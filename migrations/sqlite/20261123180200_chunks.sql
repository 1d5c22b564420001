-- The chunks, clustered in the order of reads: by document and ordinal. There is no foreign key: the
-- commit that writes chunks also updates the upload's row, which proves that the upload exists.
CREATE TABLE chunks (
    partition_key INTEGER NOT NULL,
    document_uid BLOB NOT NULL,
    version INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    start_byte INTEGER NOT NULL,
    start_character INTEGER NOT NULL,
    start_line INTEGER NOT NULL,
    start_source INTEGER NOT NULL,
    end_byte INTEGER NOT NULL,
    end_character INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    end_source INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    -- Identifies text and context. NULL: there is no context, so the key is sha256.
    key BLOB,
    -- The number of the kind: 0 is prose.
    kind INTEGER NOT NULL,
    -- 1: has a part of a cut block. 2: is white space only.
    flags INTEGER NOT NULL,
    -- The section, its headings and the introduction of a cut block, as JSON. NULL: there are none.
    context TEXT,
    -- The sections that begin in the chunk, as JSON. NULL: there are none.
    sections TEXT,
    -- The numbers of its parents, and the parents that end with it. NULL: there are no levels.
    parents BLOB,
    tokens INTEGER,
    -- The number of the first record.
    record INTEGER,
    text TEXT NOT NULL,
    PRIMARY KEY (partition_key, document_uid, version, ordinal)
) WITHOUT ROWID;
