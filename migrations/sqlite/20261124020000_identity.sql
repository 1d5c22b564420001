-- Identity: tenants, and the keys that authenticate their principals. The store has the digest of a
-- key's secret, not the secret. The tenant of operators, and of callers without identity, always
-- exists.
CREATE TABLE tenants (
    tenant_id TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER
) WITHOUT ROWID;

INSERT INTO tenants (tenant_id, created_at) VALUES ('default', unixepoch() * 1000000);

CREATE TABLE api_keys (
    uid BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (tenant_id),
    principal TEXT NOT NULL,
    role TEXT NOT NULL CONSTRAINT api_keys_role
        CHECK (role IN ('reader', 'writer', 'admin', 'operator')),
    kind TEXT NOT NULL CONSTRAINT api_keys_kind CHECK (kind IN ('SECRET', 'CERTIFICATE')),
    -- The look-up value: the prefix of a secret, or the digest of a certificate.
    lookup TEXT NOT NULL,
    digest BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) WITHOUT ROWID;

-- A certificate can be registered again after its revocation.
CREATE UNIQUE INDEX api_keys_lookup ON api_keys (lookup) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_by_tenant ON api_keys (tenant, uid);
