//! Updates of a document's metadata: a field at a time, against a revision, and against running uploads.

use std::collections::BTreeMap;

use sluice::application::ports::documents::{Document, Metadata, MetadataUpdate, Updated};
use sluice::application::ports::store::Store;
use sluice::application::ports::uploads::NewUpload;
use sluice::domain::names::resource::DocumentName;
use sluice::domain::operation::failure::FailureReason;
use sluice::domain::operation::state::State;

use crate::rechunks::{begun, finish};
use crate::world::{at, caller, new_upload, start, stranger, upload};

fn labels(value: &str) -> Metadata {
    Metadata {
        labels: Some(BTreeMap::from([("acl".to_owned(), value.to_owned())])),
        ..Metadata::default()
    }
}

async fn update(
    store: &dyn Store,
    name: &DocumentName,
    metadata: Metadata,
    revision: Option<u64>,
) -> Updated {
    let update = MetadataUpdate {
        metadata,
        revision,
        now: at(50),
    };
    let updated = store.update_document(&caller(), name, &update).await;
    updated.unwrap()
}

async fn found(store: &dyn Store, name: &DocumentName) -> Document {
    store.document(&caller(), name).await.unwrap().unwrap()
}

pub(crate) async fn an_update_changes_the_fields_that_it_names(store: &dyn Store) {
    let name = upload(store, 1, "d", "one", 10).await.document;
    let before = found(store, &name).await;
    let Updated::Document(after, ended) = update(store, &name, labels("staff"), None).await else {
        unreachable!("the document exists");
    };
    assert!(ended.is_empty());
    let expected = Document {
        labels: labels("staff").labels.unwrap(),
        revision: before.revision + 1,
        updated_at: at(50),
        ..before.clone()
    };
    assert_eq!(
        (&*after, &found(store, &name).await),
        (&expected, &expected)
    );
    let stale = update(store, &name, labels("none"), Some(before.revision)).await;
    assert_eq!(stale, Updated::Changed);
    assert_eq!(found(store, &name).await, expected);
    let foreign = MetadataUpdate {
        metadata: labels("stolen"),
        revision: None,
        now: at(60),
    };
    let foreign = store.update_document(&stranger(), &name, &foreign).await;
    assert_eq!(foreign.unwrap(), Updated::NotFound);
    let running = start(store, &new_upload(2, "e")).await.document;
    let early = update(store, &running, labels("early"), None).await;
    assert_eq!(early, Updated::NoCurrentVersion);
    // The change names the same version twice.
    let collection = store.collection(&caller(), &name.collection).await;
    let collection = collection.unwrap().unwrap().uid;
    let change = store.change_after(&caller(), &collection, 1).await;
    let change = change.unwrap().unwrap();
    assert_eq!((change.before, change.after), (Some(1), Some(1)));
    assert!(change.is_of_metadata());
}

/// Returns a new upload of `d` that sends this metadata.
fn sending(number: u8, metadata: Metadata) -> NewUpload {
    NewUpload {
        metadata,
        ..new_upload(number, "d")
    }
}

pub(crate) async fn an_update_fails_the_uploads_that_set_the_same_field(store: &dyn Store) {
    let name = upload(store, 1, "d", "one", 10).await.document;
    // A newer upload of a document ends the one before, so one runs at a time.
    let media_type = Metadata {
        media_type: Some("text/html".to_owned()),
        ..Metadata::default()
    };
    for (number, metadata, fails) in [
        (2, Metadata::default(), false),
        (3, media_type, false),
        (4, labels("old"), true),
    ] {
        let running = start(store, &sending(number, metadata)).await;
        let updated = update(store, &name, labels("new"), None).await;
        let Updated::Document(document, ended) = updated else {
            unreachable!("the document exists");
        };
        assert_eq!(document.labels, labels("new").labels.unwrap());
        let ended = ended.into_iter().map(|operation| {
            let reason = operation.failure.unwrap().reason;
            (operation.uid, operation.state, reason)
        });
        let failed = (running.uid, State::Failed, FailureReason::MetadataChanged);
        let expected = fails.then_some(failed).into_iter().collect::<Vec<_>>();
        assert_eq!(ended.collect::<Vec<_>>(), expected, "upload {number}");
        let stored = store
            .upload(&caller(), &running.uid)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(stored.state == State::Failed, fails, "upload {number}");
    }
}

/// The labels of a document whose first upload failed are not those of its next one.
pub(crate) async fn an_upload_without_metadata_keeps_that_of_a_version_only(store: &dyn Store) {
    start(store, &sending(1, labels("failed"))).await;
    let silent = start(store, &sending(2, Metadata::default())).await;
    assert!(silent.labels.is_empty(), "{:?}", silent.labels);
    let name = upload(store, 3, "d", "one", 10).await.document;
    update(store, &name, labels("staff"), None).await;
    let silent = start(store, &sending(4, Metadata::default())).await;
    assert_eq!(Some(silent.labels), labels("staff").labels);
}

/// An update does not end a rechunk, and the rechunk's version keeps what the update has set.
pub(crate) async fn a_rechunk_never_sets_metadata(store: &dyn Store) {
    let name = upload(store, 1, "d", "one", 10).await.document;
    let rechunk = begun(store, 9, "d").await;
    let updated = update(store, &name, labels("staff"), None).await;
    let Updated::Document(_, ended) = updated else {
        unreachable!("the document exists");
    };
    assert!(ended.is_empty(), "{ended:?}");
    finish(store, &rechunk, "one", 60).await;
    let after = found(store, &name).await;
    assert_eq!(after.current.map(|current| current.version), Some(2));
    assert_eq!(Some(after.labels), labels("staff").labels);
    assert_eq!(after.display_name, "name");
}
