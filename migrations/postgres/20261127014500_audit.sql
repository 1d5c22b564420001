-- The audit log: the caller, action, address and result of each event, in a chain of hashes for each
-- instance. Entries are never changed. They are removed only from the beginning of a chain, up to a
-- signed checkpoint.
CREATE TABLE audit_chains (
    chain uuid NOT NULL PRIMARY KEY,
    -- The newest entry, and the HMAC that proves it.
    head_seq bigint NOT NULL,
    head_hash bytea NOT NULL,
    head_mac bytea NOT NULL,
    -- The newest entry that has expired; 0 if the chain is complete.
    checkpoint_seq bigint NOT NULL DEFAULT 0,
    checkpoint_hash bytea,
    checkpoint_mac bytea
);

CREATE TABLE audit_entries (
    chain uuid NOT NULL REFERENCES audit_chains (chain),
    seq bigint NOT NULL,
    at bigint NOT NULL,
    -- Empty if the caller is unknown.
    tenant text COLLATE "C" NOT NULL,
    principal text NOT NULL,
    source text NOT NULL,
    method text NOT NULL,
    target text NOT NULL,
    result text NOT NULL,
    count bigint NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (chain, seq)
);

CREATE INDEX audit_entries_by_time ON audit_entries (at, chain, seq);
CREATE INDEX audit_entries_by_tenant ON audit_entries (tenant, at, chain, seq);

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM audit_chains WHERE chain = OLD.chain AND checkpoint_seq >= OLD.seq
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit log is not changed' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_entries_stay_all BEFORE TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
