-- The chunks, in 100 partitions that statements name: chunks_p00 to chunks_p99. There is no default
-- one: an error is better than silent skew. No foreign key, which would cost two thirds of the
-- speed: the commit that writes chunks also moves the upload's row, which proves that it is there.
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
    -- lz4 compresses what is over 2 kB three times as fast as the default does.
    text text COMPRESSION lz4 NOT NULL,
    PRIMARY KEY (partition_key, document_uid, version, ordinal),
    CONSTRAINT chunks_partition CHECK (
        partition_key = partition_candidate_a(document_uid)
        OR partition_key = partition_candidate_b(document_uid)
    )
) PARTITION BY LIST (partition_key);

-- Rows are only added and removed: vacuum comes sooner than for tables that are changed, so that
-- reads need not visit old pages, and statistics stay true.
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
