-- The fill level of the 100 partitions: SELECT * FROM partition_health; Deleted documents do not count,
-- but their chunks count until they are removed. The last four columns are for stores that vacuum.
CREATE VIEW partition_health AS
WITH RECURSIVE numbers (partition_key) AS (
    SELECT 0 UNION ALL SELECT partition_key + 1 FROM numbers WHERE partition_key < 99
),
sums AS (
    SELECT
        numbers.partition_key,
        count(CASE WHEN documents.deleted_at IS NULL THEN documents.uid END) AS documents,
        coalesce(sum(documents.chunks), 0) AS chunks,
        coalesce(sum(documents.text_bytes), 0) AS text_bytes
    FROM numbers LEFT JOIN documents USING (partition_key)
    GROUP BY numbers.partition_key
),
means AS (SELECT avg(chunks) AS mean FROM sums)
SELECT
    sums.partition_key,
    sums.documents,
    sums.chunks,
    sums.text_bytes,
    CASE WHEN mean > 0 THEN round(100.0 * (chunks - mean) / mean, 1) ELSE 0.0 END
        AS deviation_percent,
    CASE
        WHEN chunks = 0 THEN 'EMPTY'
        WHEN chunks > 1.2 * mean THEN 'HOT'
        WHEN chunks < 0.8 * mean THEN 'COLD'
        ELSE 'NORMAL'
    END AS status,
    CAST(NULL AS INTEGER) AS dead_rows,
    CAST(NULL AS INTEGER) AS needs_vacuum,
    CAST(NULL AS INTEGER) AS last_vacuum_at,
    CAST(NULL AS INTEGER) AS last_analyze_at
FROM sums CROSS JOIN means
ORDER BY sums.partition_key;
