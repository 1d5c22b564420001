//! The statements of collections.

/// Stores a collection, unless its uid or its name is taken.
pub(crate) const INSERT: &str = "
    INSERT INTO collections (uid, tenant, collection_id, preferences, created_at, updated_at,
        request_sha256)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";

/// Replaces the preferences of a collection, if it has the caller's revision.
pub(crate) const UPDATE: &str = "
    UPDATE collections SET preferences = $1, revision = revision + 1, updated_at = $2
    WHERE tenant = $3 AND collection_id = $4 AND deleted_at IS NULL AND revision = $5
    RETURNING *";

/// Selects a page of a tenant's collections.
pub(crate) const COLLECTIONS: &str = "
    SELECT * FROM collections
    WHERE tenant = $1 AND collection_id > $2 AND deleted_at IS NULL
    ORDER BY collection_id LIMIT $3";

/// Selects a collection by its uid, also a deleted one.
pub(crate) const COLLECTION_OF: &str = "SELECT * FROM collections WHERE uid = $1";

/// Selects a row if the collection holds a document.
pub(crate) const FIRST_DOCUMENT: &str =
    "SELECT 1 FROM documents WHERE collection_uid = $1 AND deleted_at IS NULL LIMIT 1";

/// Removes the name of a collection.
pub(crate) const DELETE: &str = "UPDATE collections SET deleted_at = $1 WHERE uid = $2";

/// Selects the collection of a name.
pub(crate) const LIVE: &str =
    "SELECT * FROM collections WHERE tenant = $1 AND collection_id = $2 AND deleted_at IS NULL";
