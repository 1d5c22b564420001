//! The statements of the audit log.

/// Selects every chain.
pub(crate) const CHAINS: &str = "SELECT * FROM audit_chains ORDER BY chain";

/// Selects the entries of a chain after a sequence number.
pub(crate) const ENTRIES: &str =
    "SELECT * FROM audit_entries WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT $3";

/// Selects the last of a chain's first entries that are all older than a time.
pub(crate) const LAST_BEFORE: &str = "
    WITH old AS (
        SELECT chain, checkpoint_seq AS from_seq, checkpoint_seq + $2 AS to_seq
        FROM audit_chains JOIN audit_entries USING (chain)
        WHERE seq = checkpoint_seq + 1 AND at < $1 LIMIT 1)
    SELECT chain, seq, hash FROM old JOIN audit_entries USING (chain)
    WHERE seq > from_seq AND seq <= to_seq AND NOT EXISTS (
        SELECT 1 FROM audit_entries AS newer
        WHERE newer.chain = old.chain AND newer.seq > from_seq
            AND newer.seq <= audit_entries.seq AND newer.at >= $1)
    ORDER BY seq DESC LIMIT 1";

/// Moves the checkpoint of a chain forward, never back.
pub(crate) const CHECKPOINT: &str = "
    UPDATE audit_chains
    SET checkpoint_seq = $2, checkpoint_hash = $3, checkpoint_mac = $4
    WHERE chain = $1 AND checkpoint_seq < $2";

/// Removes the entries of a chain up to a sequence number.
pub(crate) const FORGET: &str = "DELETE FROM audit_entries WHERE chain = $1 AND seq <= $2";

/// Stores the head of a chain.
pub(crate) const SET_HEAD: &str = "
    INSERT INTO audit_chains (chain, head_seq, head_hash, head_mac) VALUES ($1, $2, $3, $4)
    ON CONFLICT (chain) DO UPDATE SET
        head_seq = excluded.head_seq, head_hash = excluded.head_hash,
        head_mac = excluded.head_mac";
