-- Who did what, from where, and how it ended: a chain of hashes for each instance. Entries are never changed,
-- and are taken out only from a chain's beginning, up to a place that is kept, signed.
CREATE TABLE audit_chains (
    chain BLOB NOT NULL PRIMARY KEY,
    -- The newest entry, and the code that proves it.
    head_seq INTEGER NOT NULL,
    head_hash BLOB NOT NULL,
    head_mac BLOB NOT NULL,
    -- The newest entry that was forgotten; 0: all are there.
    checkpoint_seq INTEGER NOT NULL DEFAULT 0,
    checkpoint_hash BLOB,
    checkpoint_mac BLOB
) WITHOUT ROWID;

CREATE TABLE audit_entries (
    chain BLOB NOT NULL REFERENCES audit_chains (chain),
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    -- Empty if nobody knows who asked.
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
