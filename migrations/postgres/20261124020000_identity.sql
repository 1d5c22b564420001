-- Who may ask: tenants, and the keys by which their principals are let in. A key's secret is not here,
-- only its digest. The tenant of those who need none, and of the operators, is always there.
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
    -- By which it is found: a secret's prefix, a certificate's digest.
    lookup text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint,
    revoked_at bigint
);

-- A certificate can be registered again after it was revoked.
CREATE UNIQUE INDEX api_keys_lookup ON api_keys (lookup) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_by_tenant ON api_keys (tenant, uid);
