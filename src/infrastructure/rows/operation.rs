//! Reads an operation from its row.

use crate::application::ports::operations::{Operation, OperationKind};
use crate::application::store_error::Error;
use crate::domain::operation::target::Target;
use crate::infrastructure::columns::{Columns, damaged, name};

/// Reads an operation from a row of `operations`.
pub(crate) fn operation(found: &impl Columns) -> Result<Operation, Error> {
    let kind = found.text("kind")?;
    let kind = OperationKind::ALL
        .into_iter()
        .find(|known| known.name() == kind);
    Ok(Operation {
        tenant: found.tenant("tenant")?,
        uid: found.uid("uid")?,
        kind: kind.ok_or_else(|| damaged("a kind of operation"))?,
        seq: found.count("seq")?,
        state: found.state("state")?,
        target: name(Target::parse(&found.text("target")?))?,
        committed_bytes: found.count("committed_offset")?,
        chunks: found.count("chunks")?,
        failure: found.failure()?,
        created_at: found.time("created_at")?,
        updated_at: found.time("updated_at")?,
    })
}
