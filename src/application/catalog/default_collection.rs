//! The collection `default`, which every tenant has without creating it.
//!
//! The first request that reads it, or that lists collections, creates it. The stores create it in the transaction
//! that starts an upload to it. The same holds for a tenant that is created later, and for a tenant that deleted it.
//! After a deletion the collection is new and empty.

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::ports::clock::Clock;
use crate::application::ports::collections::Collection;
use crate::application::ports::store::Store;
use crate::domain::ingest::preferences::Preferences;
use crate::domain::names::resource::CollectionId;

/// Returns the collection of that id, and creates it first if it is the missing `default`.
///
/// # Errors
///
/// Fails if no collection has that id.
pub async fn find(
    store: &dyn Store,
    clock: &dyn Clock,
    caller: &Caller,
    id: &CollectionId,
) -> Result<Collection, Error> {
    let mut found = store.collection(caller, id).await?;
    if found.is_none() && id.is_default() {
        create(store, clock, caller).await?;
        found = store.collection(caller, id).await?;
    }
    found.ok_or(Error::NotFound { kind: "collection" })
}

/// Returns at most `rows` collections in the order of their ids, from the first after `after`.
///
/// # Errors
///
/// Fails if the store fails.
pub async fn list(
    store: &dyn Store,
    clock: &dyn Clock,
    caller: &Caller,
    after: &str,
    rows: u32,
) -> Result<Vec<Collection>, Error> {
    let list = store.collections(caller, after, rows).await?;
    if !lacks_default(&list, after, rows) {
        return Ok(list);
    }
    create(store, clock, caller).await?;
    Ok(store.collections(caller, after, rows).await?)
}

/// Creates the collection, unless another request did so meanwhile.
async fn create(store: &dyn Store, clock: &dyn Clock, caller: &Caller) -> Result<(), Error> {
    let now = clock.now();
    let collection = Collection {
        uid: clock.new_uid().into(),
        id: CollectionId::default(),
        preferences: Preferences::default(),
        revision: 1,
        created_at: now,
        updated_at: now,
    };
    // No client requested the collection, so no request id belongs to it.
    let no_request = [0; 32];
    store
        .create_collection(caller, &collection, &no_request)
        .await?;
    Ok(())
}

/// Whether a page of the list should contain the collection `default` and does not.
fn lacks_default(list: &[Collection], after: &str, rows: u32) -> bool {
    let id = CollectionId::DEFAULT;
    let is_whole = u32::try_from(list.len()).is_ok_and(|length| length < rows);
    let is_in_reach = is_whole || list.last().is_some_and(|last| last.id.as_str() > id);
    after < id && is_in_reach && !list.iter().any(|collection| collection.id.is_default())
}

#[cfg(test)]
mod tests {
    use super::lacks_default;
    use crate::application::ports::collections::Collection;
    use crate::domain::ingest::preferences::Preferences;
    use crate::domain::names::resource::CollectionId;
    use crate::domain::timestamp::Timestamp;

    fn list(ids: &[&str]) -> Vec<Collection> {
        let collection = |id: &&str| Collection {
            uid: [1; 16].into(),
            id: CollectionId::parse(id).unwrap(),
            preferences: Preferences::default(),
            revision: 1,
            created_at: Timestamp::from_micros(1),
            updated_at: Timestamp::from_micros(1),
        };
        ids.iter().map(collection).collect()
    }

    #[test]
    fn the_default_is_lacking_only_from_the_page_that_should_have_it() {
        assert!(lacks_default(&list(&[]), "", 2));
        assert!(lacks_default(&list(&["a"]), "", 2));
        assert!(lacks_default(&list(&["a", "e"]), "", 2));
        assert!(!lacks_default(&list(&["a", "b"]), "", 2), "a later page");
        assert!(!lacks_default(&list(&["a", "default"]), "", 2));
        assert!(!lacks_default(&list(&["e"]), "default", 2));
        assert!(!lacks_default(&list(&[]), "f", 2));
    }
}
