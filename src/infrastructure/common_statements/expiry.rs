//! The statements that remove expired rows, in an order that leaves no dangling reference.

/// Each statement removes rows older than its first argument, and at most as many as its second. States are listed,
/// because SQLite uses no index for `<>`.
pub(crate) const STATEMENTS: [&str; 7] = [
    "DELETE FROM uploads WHERE (tenant, uid) IN (
         SELECT tenant, uid FROM uploads
         WHERE state IN ('SUCCEEDED', 'FAILED', 'CANCELLED') AND updated_at < $1 LIMIT $2)",
    "DELETE FROM deletions WHERE (tenant, uid) IN (
         SELECT tenant, uid FROM deletions WHERE state = 'SUCCEEDED' AND updated_at < $1 LIMIT $2)",
    "DELETE FROM moves WHERE (tenant, uid) IN (
         SELECT tenant, uid FROM moves
         WHERE state IN ('SUCCEEDED', 'FAILED') AND leftover_partition IS NULL AND updated_at < $1
         LIMIT $2)",
    "UPDATE collections SET change_seq_forgotten = old.seq
     FROM (SELECT collection_uid, max(seq) AS seq FROM (
               SELECT collection_uid, seq FROM changes WHERE changed_at < $1
               ORDER BY changed_at, seq LIMIT $2) AS first
           GROUP BY collection_uid) AS old
     WHERE collections.uid = old.collection_uid AND change_seq_forgotten < old.seq",
    "DELETE FROM changes WHERE (collection_uid, seq) IN (
         SELECT changes.collection_uid, changes.seq FROM changes
         JOIN collections ON collections.uid = changes.collection_uid
         WHERE changes.changed_at < $1 AND changes.seq <= collections.change_seq_forgotten LIMIT $2)",
    "DELETE FROM documents WHERE uid IN (
         SELECT uid FROM documents
         WHERE deleted_at < $1
             AND NOT EXISTS (SELECT 1 FROM versions WHERE document_uid = documents.uid)
             AND NOT EXISTS (SELECT 1 FROM uploads WHERE document_uid = documents.uid)
             AND NOT EXISTS (SELECT 1 FROM deletions WHERE document_uid = documents.uid)
             AND NOT EXISTS (SELECT 1 FROM moves WHERE document_uid = documents.uid)
         LIMIT $2)",
    "DELETE FROM collections WHERE uid IN (
         SELECT uid FROM collections
         WHERE deleted_at < $1
             AND NOT EXISTS (SELECT 1 FROM documents WHERE collection_uid = collections.uid)
             AND NOT EXISTS (SELECT 1 FROM changes WHERE collection_uid = collections.uid)
             AND NOT EXISTS (SELECT 1 FROM deletions WHERE collection_uid = collections.uid)
         LIMIT $2)",
];
