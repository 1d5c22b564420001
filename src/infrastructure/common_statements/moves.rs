//! The statements of moves.

/// Selects the oldest running move.
pub(crate) const RUNNING: &str =
    "SELECT * FROM moves WHERE state = 'RUNNING' ORDER BY created_at LIMIT 1";

/// Sets the cursor of a move, and adds copied chunks to its count.
pub(crate) const COUNT: &str = "
    UPDATE moves SET copied_version = $1, copied_ordinal = $2, chunks = chunks + $3,
        seq = seq + 1, updated_at = $4
    WHERE tenant = $5 AND uid = $6";

/// Switches a document to the partition of its copies, if they are as many as its chunks.
pub(crate) const TURN: &str = "
    UPDATE documents SET partition_key = moves.to_partition
    FROM moves
    WHERE moves.tenant = $1 AND moves.uid = $2 AND documents.uid = moves.document_uid
        AND documents.partition_key = moves.from_partition
        AND documents.chunks = moves.chunks";

/// Ends a move whose document has switched, and marks the old chunks for removal.
pub(crate) const SUCCEED: &str = "
    UPDATE moves SET state = 'SUCCEEDED', leftover_partition = from_partition,
        leftover_after = $1
    WHERE tenant = $2 AND uid = $3";

/// Fails a move with missing copies, and marks the copies for removal.
pub(crate) const FAIL: &str = "
    UPDATE moves SET state = 'FAILED', failure_reason = 'MOVE_INCOMPLETE',
        failure_message = 'the copies are not as many as the document says it has chunks',
        leftover_partition = to_partition, leftover_after = $1
    WHERE tenant = $2 AND uid = $3";

/// Makes the leftover chunks of a document due at once.
pub(crate) const ADVANCE_SWEEP: &str = "
    UPDATE moves SET leftover_after = $1
    WHERE document_uid = $2 AND leftover_partition IS NOT NULL AND leftover_after > $1";

/// Fails the running move of a deleted document, and marks the copies for removal.
pub(crate) const GIVE_UP: &str = "
    UPDATE moves SET state = 'FAILED', failure_reason = 'DOCUMENT_DELETED',
        failure_message = 'the document was deleted', seq = seq + 1, updated_at = $1,
        leftover_partition = to_partition, leftover_after = $1
    WHERE document_uid = $2 AND state = 'RUNNING'
    RETURNING tenant, uid";

/// Selects the move whose leftover chunks are due first. The document's current partition is never selected.
pub(crate) const LEFTOVER: &str = "
    SELECT moves.tenant, moves.uid, moves.document_uid, moves.leftover_partition
    FROM moves JOIN documents ON documents.uid = moves.document_uid
    WHERE moves.leftover_partition IS NOT NULL AND moves.leftover_after <= $1
        AND documents.partition_key <> moves.leftover_partition
    ORDER BY moves.leftover_after LIMIT 1";

/// Ends the removal of a move's leftover chunks.
pub(crate) const SWEPT: &str = "
    UPDATE moves SET leftover_partition = NULL, leftover_after = NULL
    WHERE tenant = $1 AND uid = $2";
