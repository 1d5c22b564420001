//! The first state of a deletion.

use crate::application::caller::Caller;
use crate::application::ports::collections::Deletion;
use crate::application::ports::operations::{Operation, OperationKind};
use crate::domain::names::uid::{CollectionUid, DocumentUid};
use crate::domain::operation::state::State;
use crate::domain::operation::target::Target;

/// The document or collection that is deleted.
pub(crate) struct DeletionTarget {
    pub(crate) name: Target,
    /// `None` means the whole collection.
    pub(crate) document: Option<DocumentUid>,
    pub(crate) collection: CollectionUid,
}

/// Returns the operation of a deletion that begins.
pub(crate) fn begun(caller: &Caller, deletion: &Deletion, target: DeletionTarget) -> Operation {
    Operation {
        tenant: caller.tenant.clone(),
        uid: deletion.uid,
        kind: match target.document {
            Some(_) => OperationKind::DeleteDocument,
            None => OperationKind::DeleteCollection,
        },
        seq: 1,
        state: State::Running,
        target: target.name,
        committed_bytes: 0,
        chunks: 0,
        failure: None,
        created_at: deletion.now,
        updated_at: deletion.now,
    }
}
