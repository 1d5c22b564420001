//! The statements of keys.

/// Selects a row if the tenant exists.
pub(crate) const FIND_TENANT: &str = "SELECT 1 FROM tenants WHERE tenant_id = $1";

/// Stores a key, unless a valid key has its lookup.
pub(crate) const INSERT: &str = "
    INSERT INTO api_keys (uid, tenant, principal, role, kind, lookup, digest, created_at,
        expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (lookup) WHERE revoked_at IS NULL DO NOTHING";

/// Selects a key.
pub(crate) const KEY: &str = "SELECT * FROM api_keys WHERE tenant = $1 AND uid = $2";

/// Selects a page of a tenant's keys.
pub(crate) const KEYS: &str =
    "SELECT * FROM api_keys WHERE tenant = $1 AND uid > $2 ORDER BY uid LIMIT $3";

/// Revokes a key. The time of the first revocation stays.
pub(crate) const REVOKE: &str = "
    UPDATE api_keys SET revoked_at = coalesce(revoked_at, $1)
    WHERE tenant = $2 AND uid = $3 RETURNING *";

/// Selects a row if an operator has a valid key.
pub(crate) const FIRST_OPERATOR: &str = "
    SELECT 1 FROM api_keys
    WHERE role = 'operator' AND revoked_at IS NULL
        AND (expires_at IS NULL OR expires_at > $1)
    LIMIT 1";
