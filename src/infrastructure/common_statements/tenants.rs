//! The statements of tenants and their quotas.

/// Stores a tenant, unless its id is taken.
pub(crate) const INSERT: &str = "
    INSERT INTO tenants (tenant_id, created_at) VALUES ($1, $2)
    ON CONFLICT (tenant_id) DO NOTHING";

/// Selects a tenant.
pub(crate) const TENANT: &str = "SELECT * FROM tenants WHERE tenant_id = $1";

/// Selects a page of tenants.
pub(crate) const TENANTS: &str =
    "SELECT * FROM tenants WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2";

/// Disables or enables a tenant. The time of the first disabling stays.
pub(crate) const DISABLE: &str = "
    UPDATE tenants SET disabled_at = CASE WHEN $1 THEN coalesce(disabled_at, $2) END
    WHERE tenant_id = $3 RETURNING *";

/// Removes a tenant's default collection if it never held a document.
pub(crate) const REMOVE_DEFAULT_COLLECTION: &str = "
    DELETE FROM collections
    WHERE tenant = $1 AND collection_id = 'default' AND deleted_at IS NULL AND change_seq = 0
        AND NOT EXISTS (SELECT 1 FROM documents WHERE collection_uid = collections.uid)";

/// Selects a row if the tenant has a collection, also a deleted one.
pub(crate) const FIRST_COLLECTION: &str = "SELECT 1 FROM collections WHERE tenant = $1 LIMIT 1";

/// Removes the keys of a tenant.
pub(crate) const REMOVE_KEYS: &str = "DELETE FROM api_keys WHERE tenant = $1";

/// Removes a tenant.
pub(crate) const REMOVE: &str = "DELETE FROM tenants WHERE tenant_id = $1";

/// Sets all quotas of a tenant, and counts its current usage.
pub(crate) const SET_QUOTAS: &str = "
    UPDATE tenants SET documents_max = $2, bytes_max = $3, uploads_max = $4,
        is_counted = coalesce($2, $3, $4) IS NOT NULL,
        documents = (
            SELECT count(*) FROM documents WHERE tenant = $1 AND deleted_at IS NULL),
        bytes = (
            SELECT CAST(coalesce(sum(reserved_bytes), 0) AS bigint)
            FROM versions JOIN documents ON documents.uid = versions.document_uid
            WHERE tenant = $1),
        uploads = (SELECT count(*) FROM uploads WHERE tenant = $1 AND state = 'RUNNING')
    WHERE tenant_id = $1 RETURNING *";
