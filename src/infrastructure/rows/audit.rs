//! Reads the rows of the audit log.

use crate::application::ports::audit::{Chain, Sealed};
use crate::application::store_error::Error;
use crate::domain::audit::{Entry, Event, Head};
use crate::infrastructure::columns::Columns;

/// Reads an entry from a row of `audit_entries`.
pub(crate) fn entry(found: &impl Columns) -> Result<Entry, Error> {
    Ok(Entry {
        chain: found.uid("chain")?,
        seq: found.count("seq")?,
        event: Event {
            at: found.time("at")?,
            tenant: found.text("tenant")?,
            principal: found.text("principal")?,
            source: found.text("source")?,
            method: found.text("method")?,
            target: found.text("target")?,
            result: found.text("result")?,
            count: found.count("count")?,
        },
        hash: found.digest("hash")?,
    })
}

/// Reads a chain from a row of `audit_chains`.
pub(crate) fn chain(found: &impl Columns) -> Result<Chain, Error> {
    let has_forgotten = found.count("checkpoint_seq")? > 0;
    let checkpoint = || {
        sealed(
            found,
            ["checkpoint_seq", "checkpoint_hash", "checkpoint_mac"],
        )
    };
    Ok(Chain {
        checkpoint: has_forgotten.then(checkpoint).transpose()?,
        head: sealed(found, ["head_seq", "head_hash", "head_mac"])?,
    })
}

fn sealed(found: &impl Columns, [seq, hash, mac]: [&str; 3]) -> Result<Sealed, Error> {
    Ok(Sealed {
        head: Head {
            chain: found.uid("chain")?,
            seq: found.count(seq)?,
            hash: found.digest(hash)?,
        },
        mac: found.digest(mac)?,
    })
}

/// Reads the position of an entry in its chain from a row of `audit_entries`.
pub(crate) fn head(found: &impl Columns) -> Result<Head, Error> {
    Ok(Head {
        chain: found.uid("chain")?,
        seq: found.count("seq")?,
        hash: found.digest("hash")?,
    })
}
