//! The statements of operations.

/// Selects a page of a tenant's operations, newest first, in any state or in one.
pub(crate) const OPERATIONS: &str = "
    SELECT * FROM operations
    WHERE tenant = $1 AND (created_at, uid) < ($2, $3) AND ($4 IS NULL OR state = $4)
    ORDER BY created_at DESC, uid DESC LIMIT $5";

/// Selects an operation.
pub(crate) const OPERATION: &str = "SELECT * FROM operations WHERE tenant = $1 AND uid = $2";

/// Selects the digest of the request that created an operation.
pub(crate) const REQUEST: &str = "
    SELECT request_sha256 FROM uploads WHERE tenant = $1 AND uid = $2
    UNION ALL SELECT request_sha256 FROM deletions WHERE tenant = $1 AND uid = $2
    UNION ALL SELECT request_sha256 FROM moves WHERE tenant = $1 AND uid = $2";
