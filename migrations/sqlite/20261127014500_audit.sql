-- The audit log: the caller, action, address and result of each event, in a chain of hashes for each
-- instance. Entries are never changed. They are removed only from the beginning of a chain, up to a
-- signed checkpoint.
CREATE TABLE audit_chains (
    chain BLOB NOT NULL PRIMARY KEY,
    -- The newest entry, and the HMAC that proves it.
    head_seq INTEGER NOT NULL,
    head_hash BLOB NOT NULL,
    head_mac BLOB NOT NULL,
    -- The newest entry that has expired; 0 if the chain is complete.
    checkpoint_seq INTEGER NOT NULL DEFAULT 0,
    checkpoint_hash BLOB,
    checkpoint_mac BLOB
) WITHOUT ROWID;

CREATE TABLE audit_entries (
    chain BLOB NOT NULL REFERENCES audit_chains (chain),
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    -- Empty if the caller is unknown.
    tenant TEXT NOT NULL,
    principal TEXT NOT NULL,
    source TEXT NOT NULL,
    method TEXT NOT NULL,
    target TEXT NOT NULL,
    result TEXT NOT NULL,
    count INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (chain, seq)
) WITHOUT ROWID;

CREATE INDEX audit_entries_by_time ON audit_entries (at, chain, seq);
CREATE INDEX audit_entries_by_tenant ON audit_entries (tenant, at, chain, seq);

CREATE TRIGGER audit_entries_stay BEFORE UPDATE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the audit log is not changed'); END;
CREATE TRIGGER audit_entries_stay_all BEFORE DELETE ON audit_entries
WHEN NOT EXISTS (
    SELECT 1 FROM audit_chains WHERE chain = OLD.chain AND checkpoint_seq >= OLD.seq)
BEGIN SELECT RAISE(ABORT, 'the audit log is not changed'); END;
