-- The contents of the 100 partitions, summed at intervals to place new documents. A new document counts
-- at once, its chunks at the next sum. No commit touches a row.
CREATE TABLE partition_sums (
    partition_key integer NOT NULL PRIMARY KEY CHECK (partition_key BETWEEN 0 AND 99),
    documents bigint NOT NULL DEFAULT 0,
    -- The counts at the time of the last sum.
    summed_documents bigint NOT NULL DEFAULT 0,
    summed_chunks bigint NOT NULL DEFAULT 0,
    summed_at bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 20);

INSERT INTO partition_sums (partition_key) SELECT generate_series(0, 99);

-- The fill level of the 100 partitions, counted at each query: SELECT * FROM partition_health;
CREATE VIEW partition_health AS
WITH sums AS (
    SELECT
        partition_sums.partition_key,
        count(documents.uid) FILTER (WHERE documents.deleted_at IS NULL) AS documents,
        coalesce(sum(documents.chunks), 0)::bigint AS chunks,
        coalesce(sum(documents.text_bytes), 0)::bigint AS text_bytes
    FROM partition_sums LEFT JOIN documents USING (partition_key)
    GROUP BY partition_sums.partition_key
),
means AS (SELECT avg(chunks)::double precision AS mean FROM sums)
SELECT
    sums.partition_key,
    sums.documents,
    sums.chunks,
    sums.text_bytes,
    CASE WHEN mean > 0 THEN round((100 * (chunks - mean) / mean)::numeric, 1)::double precision
        ELSE 0 END AS deviation_percent,
    CASE
        WHEN chunks = 0 THEN 'EMPTY'
        WHEN chunks > 1.2 * mean THEN 'HOT'
        WHEN chunks < 0.8 * mean THEN 'COLD'
        ELSE 'NORMAL'
    END AS status,
    -- From the server's statistics: removed rows that wait for vacuum, and whether they are more than
    -- autovacuum should leave.
    stats.n_dead_tup AS dead_rows,
    stats.n_dead_tup > 1000 AND stats.n_dead_tup > 0.2 * stats.n_live_tup AS needs_vacuum,
    (extract(epoch FROM greatest(stats.last_vacuum, stats.last_autovacuum)) * 1000000)::bigint
        AS last_vacuum_at,
    (extract(epoch FROM greatest(stats.last_analyze, stats.last_autoanalyze)) * 1000000)::bigint
        AS last_analyze_at
FROM sums
CROSS JOIN means
LEFT JOIN pg_stat_all_tables AS stats
    ON stats.relid = to_regclass('chunks_p' || lpad(sums.partition_key::text, 2, '0'))
ORDER BY sums.partition_key;
