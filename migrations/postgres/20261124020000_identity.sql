-- Identity: tenants, and the keys that authenticate their principals. The store has the digest of a
-- key's secret, not the secret. The tenant of operators, and of callers without identity, always
-- exists.
CREATE TABLE tenants (
    tenant_id text COLLATE "C" NOT NULL PRIMARY KEY,
    created_at bigint NOT NULL,
    disabled_at bigint
);

INSERT INTO tenants (tenant_id, created_at)
VALUES ('default', (extract(epoch FROM now()) * 1000000)::bigint);

CREATE TABLE api_keys (
    uid uuid NOT NULL PRIMARY KEY,
    tenant text COLLATE "C" NOT NULL REFERENCES tenants (tenant_id),
    principal text NOT NULL,
    role text NOT NULL CONSTRAINT api_keys_role
        CHECK (role IN ('reader', 'writer', 'admin', 'operator')),
    kind text NOT NULL CONSTRAINT api_keys_kind CHECK (kind IN ('SECRET', 'CERTIFICATE')),
    -- The look-up value: the prefix of a secret, or the digest of a certificate.
    lookup text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint,
    revoked_at bigint
);

-- A certificate can be registered again after its revocation.
CREATE UNIQUE INDEX api_keys_lookup ON api_keys (lookup) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_by_tenant ON api_keys (tenant, uid);
