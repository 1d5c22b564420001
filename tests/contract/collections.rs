//! Collections are created once, updated only at their newest revision, and listed.

use sluice::application::ports::collections::{Collection, Deleted, Deletion, Written};
use sluice::application::ports::store::Store;
use sluice::application::ports::uploads::Started;
use sluice::domain::chunking::spec::partial::Partial;
use sluice::domain::ingest::preferences::Preferences;
use sluice::domain::names::resource::CollectionId;
use sluice::domain::text::encoding::decoding::Policy;
use sluice::domain::text::encoding::policy;

use crate::world::{at, caller, collection, new_upload, stranger};

pub(crate) async fn has_collection(store: &dyn Store) -> bool {
    store
        .collection(&caller(), &collection().id)
        .await
        .unwrap()
        .is_some()
}

pub(crate) async fn a_collection_is_created_once(store: &dyn Store) {
    assert!(!has_collection(store).await);
    let caller = caller();
    let create = async |new: &Collection, sent: u8| {
        let sent = [sent; 32];
        let created = store.create_collection(&caller, new, &sent);
        created.await.unwrap()
    };
    let created = Written::Collection(Box::new(collection()));
    assert_eq!(create(&collection(), 1).await, created);
    assert_eq!(create(&collection(), 1).await, created, "the same request");
    assert_eq!(create(&collection(), 2).await, Written::OtherRequest);
    let again = Collection {
        uid: [9; 16].into(),
        ..collection()
    };
    assert_eq!(create(&again, 1).await, Written::Refused);
    let other = Collection {
        id: CollectionId::parse("other").unwrap(),
        ..collection()
    };
    assert_eq!(create(&other, 3).await, Written::OtherRequest);
    assert_eq!(
        store.collection(&caller, &again.id).await.unwrap(),
        Some(collection())
    );
    assert_eq!(
        store.collections(&caller, "", 10).await.unwrap(),
        [collection()]
    );
    assert_eq!(store.collections(&caller, "c", 10).await.unwrap(), []);
}

pub(crate) async fn a_deleted_collection_is_not_created_again_by_its_request(store: &dyn Store) {
    let (caller, known) = (caller(), collection());
    let create = async || {
        let created = store.create_collection(&caller, &known, &[1; 32]);
        created.await.unwrap()
    };
    assert_eq!(create().await, Written::Collection(Box::new(collection())));
    let deletion = Deletion {
        uid: [5; 16].into(),
        request_sha256: [7; 32],
        revision: None,
        now: at(9),
    };
    let deleted = store.delete_collection(&caller, &known.id, false, &deletion);
    assert!(matches!(deleted.await.unwrap(), Deleted::Operation(..)));
    assert_eq!(create().await, Written::Deleted);
}

pub(crate) async fn an_update_needs_the_newest_revision(store: &dyn Store) {
    let (caller, known) = (caller(), collection());
    store
        .create_collection(&caller, &known, &[0; 32])
        .await
        .unwrap();
    let preferences = Preferences {
        chunking: Partial::default(),
        decoding: policy::Partial {
            nul: Some(Policy::Replace),
            ..policy::Partial::default()
        },
    };
    let update = async |revision| {
        let updated = store.update_collection(&caller, &known.id, revision, &preferences, at(7));
        updated.await.unwrap()
    };
    let changed = Collection {
        preferences: preferences.clone(),
        revision: 2,
        updated_at: at(7),
        ..known.clone()
    };
    assert_eq!(update(1).await, Written::Collection(Box::new(changed)));
    assert_eq!(update(1).await, Written::Changed);
    let none = CollectionId::parse("none").unwrap();
    let refused = store.update_collection(&caller, &none, 1, &preferences, at(7));
    assert_eq!(refused.await.unwrap(), Written::Refused);
}

pub(crate) async fn the_default_is_created_with_its_first_upload(store: &dyn Store) {
    let id = CollectionId::default();
    let new = |number| {
        let mut new = new_upload(number, &format!("d{number}"));
        new.document.collection = CollectionId::default();
        new
    };
    let (first, second) = (new(1), new(2));
    let caller = caller();
    let (first, second) = tokio::join!(
        store.start_upload(&caller, &first),
        store.start_upload(&caller, &second)
    );
    for started in [first, second] {
        assert!(matches!(started.unwrap(), Started::Upload(..)));
    }
    let created = store.collection(&caller, &id).await.unwrap().unwrap();
    assert_eq!(created.preferences, Preferences::default());
    assert_eq!(created.revision, 1);
    let list = store.collections(&caller, "", 10).await.unwrap();
    assert_eq!(list, [created]);
    let others = store.collection(&stranger(), &id).await.unwrap();
    assert_eq!(others, None);
}
