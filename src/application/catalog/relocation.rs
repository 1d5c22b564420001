//! Finds the new partition of a document that was moved during a read.

use crate::application::caller::Caller;
use crate::application::ports::store::Store;
use crate::application::store_error::Error;
use crate::domain::names::uid::DocumentUid;

/// Sets `partition` to the document's current one, and returns whether it has changed. `false` also means that the
/// document may be deleted: missing chunks are then lost to the reader.
pub(crate) async fn follow(
    store: &dyn Store,
    caller: &Caller,
    document: &DocumentUid,
    partition: &mut u32,
) -> Result<bool, Error> {
    let Some(found) = store.document_of(caller, document).await? else {
        return Ok(false);
    };
    Ok(std::mem::replace(partition, found.partition) != found.partition)
}
