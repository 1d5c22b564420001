-- The chunks, in 100 partitions that statements name: chunks_p00 to chunks_p99. There is no default
-- partition: an error is better than silent skew. There is no foreign key, which would cost two thirds
-- of the speed. The commit that writes chunks also updates the upload's row, which proves that the
-- upload exists.
CREATE TABLE chunks (
    partition_key integer NOT NULL,
    document_uid uuid NOT NULL,
    version bigint NOT NULL,
    ordinal bigint NOT NULL,
    start_byte bigint NOT NULL,
    start_character bigint NOT NULL,
    start_line bigint NOT NULL,
    start_source bigint NOT NULL,
    end_byte bigint NOT NULL,
    end_character bigint NOT NULL,
    end_line bigint NOT NULL,
    end_source bigint NOT NULL,
    sha256 bytea NOT NULL,
    -- Identifies text and context. NULL: there is no context, so the key is sha256.
    key bytea,
    -- The number of the kind: 0 is prose.
    kind integer NOT NULL,
    -- 1: has a part of a cut block. 2: is white space only.
    flags integer NOT NULL,
    -- The section, its headings and the introduction of a cut block, as JSON. NULL: there are none.
    context text,
    -- The sections that begin in the chunk, as JSON. NULL: there are none.
    sections text,
    -- The numbers of its parents, and the parents that end with it. NULL: there are no levels.
    parents bytea,
    tokens integer,
    -- The number of the first record.
    record bigint,
    -- lz4 compresses values over 2 kB three times as fast as the default method.
    text text COMPRESSION lz4 NOT NULL,
    PRIMARY KEY (partition_key, document_uid, version, ordinal),
    CONSTRAINT chunks_partition CHECK (
        partition_key = partition_candidate_a(document_uid)
        OR partition_key = partition_candidate_b(document_uid)
    )
) PARTITION BY LIST (partition_key);

-- Rows are only added and removed. Vacuum runs earlier than for tables with updates, so that reads skip
-- old pages and statistics stay correct.
DO $$
BEGIN
    FOR number IN 0..99 LOOP
        EXECUTE format(
            'CREATE TABLE chunks_p%s PARTITION OF chunks FOR VALUES IN (%s) WITH (
                 fillfactor = 100,
                 autovacuum_vacuum_insert_scale_factor = 0.05,
                 autovacuum_vacuum_scale_factor = 0.05,
                 autovacuum_analyze_scale_factor = 0.05)',
            lpad(number::text, 2, '0'), number
        );
    END LOOP;
END
$$;
