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
    text TEXT NOT NULL,
    PRIMARY KEY (partition_key, document_uid, version, ordinal)
) WITHOUT ROWID;
