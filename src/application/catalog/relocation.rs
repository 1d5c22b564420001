//! Where a document has moved to while it is read.

use crate::application::caller::Caller;
use crate::application::ports::clock::Uid;
use crate::application::ports::store::Store;
use crate::application::ports::store_error::Error;

/// Goes where the document is now; `false` if that is where it was, or it is deleted: then chunks that
/// are missing are gone for good.
pub(crate) async fn follow(
    store: &dyn Store,
    caller: &Caller,
    document: &Uid,
    partition: &mut u32,
) -> Result<bool, Error> {
    let Some(found) = store.document_of(caller, document).await? else {
        return Ok(false);
    };
    Ok(std::mem::replace(partition, found.partition) != found.partition)
}
