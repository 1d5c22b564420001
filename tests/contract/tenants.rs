//! A tenant sees only its own data: every method that takes a caller is called by a stranger.

use std::collections::BTreeMap;

use sluice::application::caller::Caller;
use sluice::application::commit_order::CommitTicket;
use sluice::application::ports::chunks::VersionKey;
use sluice::application::ports::collections::{Deleted, Deletion, Written};
use sluice::application::ports::operations::NEWEST;
use sluice::application::ports::partitions::{Move, Moved};
use sluice::application::ports::rechunks::{self, NewRechunk};
use sluice::application::ports::store::Store;
use sluice::application::ports::uploads::{Started, Upload, UploadEnd, Writer};
use sluice::domain::chunking::spec::partial::Partial;

use crate::world::{
    at, attach, batches, caller, collection, new_upload, start, stranger, texts, upload,
};

pub(crate) async fn another_tenant_sees_nothing(store: &dyn Store) {
    upload(store, 1, "old", "old text", 2).await;
    let whole = upload(store, 2, "d", "some text", 2).await;
    let shown = seen(store, &caller(), &whole).await;
    assert!(shown.iter().all(|(_, is_shown)| *is_shown), "{shown:?}");
    let shown = seen(store, &stranger(), &whole).await;
    assert!(shown.iter().all(|(_, is_shown)| !is_shown), "{shown:?}");
    assert!(texts(store, &stranger(), &whole).await.is_empty());
    assert_eq!(texts(store, &caller(), &whole).await, ["some text"]);
    let topics = [
        (stranger().tenant, whole.uid),
        (caller().tenant, [9; 16].into()),
        (caller().tenant, whole.uid),
    ];
    let own = store.operation(&caller(), &whole.uid).await.unwrap();
    let found = store.operations_of(&topics).await.unwrap();
    assert_eq!(found, own.into_iter().collect::<Vec<_>>());
    assert_eq!(store.operations_of(&topics[..2]).await.unwrap(), []);
}

/// Calls the reading methods. Returns for each whether it shows something to the caller.
async fn seen(store: &dyn Store, caller: &Caller, of: &Upload) -> Vec<(&'static str, bool)> {
    let (id, document, labels) = (collection().id, of.document_uid, BTreeMap::new());
    let found = store.collection(caller, &id).await.unwrap();
    let mut seen = vec![("collection", found.is_some())];
    let list = store.collections(caller, "", 10).await.unwrap();
    seen.push(("collections", !list.is_empty()));
    let found = store.document(caller, &of.document).await.unwrap();
    seen.push(("document", found.is_some()));
    let list = store.documents(caller, &id, &labels, "", 10).await;
    seen.push(("documents", !list.unwrap().is_empty()));
    let found = store.upload(caller, &of.uid).await.unwrap();
    seen.push(("upload", found.is_some()));
    let found = store.newest_upload(caller, &document).await.unwrap();
    seen.push(("newest_upload", found.is_some()));
    let found = store.operation(caller, &of.uid).await.unwrap();
    seen.push(("operation", found.is_some()));
    let list = store.operations(caller, None, NEWEST, 10).await.unwrap();
    seen.push(("operations", !list.is_empty()));
    let found = store.locate_document(caller, &of.document).await.unwrap();
    seen.push(("locate_document", found.is_some()));
    seen.extend(seen_of_changes(store, caller, of).await);
    seen
}

async fn seen_of_changes(
    store: &dyn Store,
    caller: &Caller,
    of: &Upload,
) -> Vec<(&'static str, bool)> {
    let (uid, document) = (collection().uid, of.document_uid);
    let chunks = VersionKey {
        document,
        partition: of.partition,
        version: of.version,
    };
    let found = store.changes_extent(caller, &uid).await.unwrap();
    let mut seen = vec![("changes_extent", found.is_some())];
    let found = store.change_after(caller, &uid, 0).await.unwrap();
    seen.push(("change_after", found.is_some()));
    let found = store.version_at(caller, &document, 0).await.unwrap();
    seen.push(("version_at", found.is_some()));
    let found = store.document_of(caller, &document).await.unwrap();
    seen.push(("document_of", found.is_some()));
    let found = store
        .document_after(caller, &uid, &[0; 16].into())
        .await
        .unwrap();
    seen.push(("document_after", found.is_some()));
    let found = store.version_chunks(caller, &document, of.version).await;
    seen.push(("version_chunks", found.unwrap().is_some()));
    let list = store.chunk_heads(caller, chunks, 0, 10).await.unwrap();
    seen.push(("chunk_heads", !list.is_empty()));
    seen
}

pub(crate) async fn another_tenant_changes_nothing(store: &dyn Store) {
    let whole = upload(store, 1, "d", "some text", 2).await;
    let open = start(store, &new_upload(2, "e")).await;
    let stranger = stranger();
    let deletion = Deletion {
        uid: [9; 16].into(),
        request_sha256: [7; 32],
        revision: None,
        now: at(3),
    };
    let known = collection();
    let updated = store.update_collection(&stranger, &known.id, 1, &known.preferences, at(3));
    assert_eq!(updated.await.unwrap(), Written::Refused);
    let deleted = store
        .delete_collection(&stranger, &collection().id, true, &deletion)
        .await;
    assert_eq!(deleted.unwrap(), Deleted::NotFound);
    let deleted = store
        .delete_document(&stranger, &whole.document, &deletion)
        .await;
    assert_eq!(deleted.unwrap(), Deleted::NotFound);
    let asked = Move {
        uid: [9; 16].into(),
        request_sha256: [8; 32],
        now: at(3),
    };
    let moved = store
        .move_document(&stranger, &whole.document, &asked)
        .await;
    assert_eq!(moved.unwrap(), Moved::NotFound);
    let rechunk = NewRechunk {
        uid: [9; 16].into(),
        request_sha256: [6; 32],
        document: whole.document.clone(),
        chunking: Partial::default(),
        now: at(3),
    };
    let started = store.start_rechunk(&stranger, &rechunk).await;
    assert_eq!(started.unwrap(), rechunks::Started::NotFound);
    let started = store.start_upload(&stranger, &new_upload(9, "d")).await;
    assert!(matches!(started.unwrap(), Started::NoCollection));
    uploads_of_others(store, &stranger, &open).await;
    let now = store.upload(&caller(), &open.uid).await.unwrap().unwrap();
    assert_eq!(now.committed_offset, 0);
    assert_eq!(texts(store, &caller(), &whole).await, ["some text"]);
}

/// Only its own tenant can resume, end and cancel an upload.
async fn uploads_of_others(store: &dyn Store, stranger: &Caller, open: &Upload) {
    let attached = store.attach_upload(stranger, &open.uid, at(9)).await;
    assert_eq!(attached.unwrap(), None);
    let cancelled = store.cancel_upload(stranger, &open.uid, at(4)).await;
    assert_eq!(cancelled.unwrap(), None);
    let writer = Writer {
        caller: stranger.clone(),
        ..attach(store, &open.uid).await
    };
    let (batches, summary) = batches("what a stranger sends");
    let stored = store
        .commit_batch(&writer, &batches[0], &CommitTicket::first(), at(5))
        .await;
    assert_eq!(stored.unwrap(), None);
    let ended = store
        .end_upload(&writer, UploadEnd::Succeeded(summary), at(5), at(5))
        .await;
    assert_eq!(ended.unwrap(), None);
}

/// Each tenant has its own request ids and names.
pub(crate) async fn tenants_may_use_the_same_names_and_uids(store: &dyn Store) {
    let first = upload(store, 1, "d", "some text", 2).await;
    let theirs = sluice::application::ports::collections::Collection {
        uid: [2; 16].into(),
        ..collection()
    };
    let stranger = stranger();
    let created = store.create_collection(&stranger, &theirs, &[0; 32]).await;
    assert!(matches!(created.unwrap(), Written::Collection(_)));
    let new = sluice::application::ports::uploads::NewUpload {
        document_uid: [200; 16].into(),
        ..new_upload(1, "d")
    };
    let started = store.start_upload(&stranger, &new).await.unwrap();
    let Started::Upload(started, ended) = started else {
        unreachable!("{started:?}")
    };
    assert_eq!((started.uid, started.committed_offset), (first.uid, 0));
    assert_eq!(
        (started.document_uid, ended),
        ([200; 16].into(), Vec::new())
    );
    let cancelled = store
        .cancel_upload(&stranger, &first.uid, at(5))
        .await
        .unwrap();
    assert_eq!(cancelled.unwrap().tenant, stranger.tenant);
    let mine = store.upload(&caller(), &first.uid).await.unwrap().unwrap();
    assert_eq!(mine.state, first.state);
}
