//! Changes are numbered in the order of their commits, and operations are listed, the newest first.

use sluice::application::ports::changes::Change;
use sluice::application::ports::chunks::VersionKey;
use sluice::application::ports::collections::Deletion;
use sluice::application::ports::store::Store;
use sluice::application::ports::uploads::Upload;
use sluice::domain::ingest::batch::Chunk;
use sluice::domain::ingest::digest::sha256;
use sluice::domain::names::uid::{CollectionUid, DocumentUid, OperationUid};
use sluice::domain::operation::state::State;
use sluice::domain::timestamp::Timestamp;

use crate::world::{
    at, caller, chunks, new_upload, start, stranger, structured, text, texts, upload,
    upload_batches,
};

pub(crate) async fn each_change_of_a_current_version_is_listed(store: &dyn Store) {
    let caller = caller();
    let first = upload(store, 1, "d", "one", 10).await;
    let other = upload(store, 2, "e", "other", 20).await;
    upload(store, 3, "d", "two", 30).await;
    start(store, &new_upload(4, "e")).await;
    let deletion = Deletion {
        uid: [9; 16].into(),
        request_sha256: [7; 32],
        revision: None,
        now: at(40),
    };
    store
        .delete_document(&caller, &first.document, &deletion)
        .await
        .unwrap();
    let name = &first.document;
    let collection = store
        .collection(&caller, &name.collection)
        .await
        .unwrap()
        .unwrap()
        .uid;
    let told = told(store, &collection).await;
    let change = |seq, upload: &Upload, before, after| Change {
        seq,
        document: upload.document_uid,
        id: upload.document.document.clone(),
        before,
        after,
    };
    let expected = [
        change(1, &first, None, Some(1)),
        change(2, &other, None, Some(1)),
        change(3, &first, Some(1), Some(2)),
        change(4, &first, Some(2), None),
    ];
    assert_eq!(told, expected);
    check_extent(store, &collection, &first.document_uid).await;
    let next = store
        .document_after(&caller, &collection, &[0; 16].into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        next.uid, other.document_uid,
        "a deleted document is not listed"
    );
}

/// Checks the extent of four changes, three of them of the document, for its tenant and for a stranger.
async fn check_extent(store: &dyn Store, collection: &CollectionUid, document: &DocumentUid) {
    let (caller, stranger) = (caller(), stranger());
    let extent = store
        .changes_extent(&caller, collection)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((extent.newest, extent.forgotten), (4, 0));
    let at = async |seq| store.version_at(&caller, document, seq).await.unwrap();
    assert_eq!(
        [at(0).await, at(1).await, at(3).await, at(4).await],
        [Some(0), Some(1), Some(2), None]
    );
    assert_eq!(
        store.changes_extent(&stranger, collection).await.unwrap(),
        None
    );
    assert_eq!(
        store.change_after(&stranger, collection, 0).await.unwrap(),
        None
    );
}

/// Versions are compared by these digests.
pub(crate) async fn digests_are_those_of_the_chunks(store: &dyn Store) {
    let caller = caller();
    let done = upload(store, 1, "d", &text(), 10).await;
    let of = VersionKey {
        document: done.document_uid,
        partition: done.partition,
        version: done.version,
    };
    let texts = texts(store, &caller, &done).await;
    let expected = texts.iter().map(|text| sha256(text.as_bytes()));
    let expected = expected.collect::<Vec<_>>();
    let read = async |caller, from, rows| {
        let heads = store.chunk_heads(caller, of, from, rows).await.unwrap();
        let digests = heads.into_iter().map(|head| head.key);
        digests.collect::<Vec<_>>()
    };
    assert_eq!(read(&caller, 0, 10_000).await, expected);
    assert_eq!(read(&caller, 3, 5).await, expected[3..8]);
    let end = expected.len() as u64;
    assert_eq!(
        read(&caller, end - 2, 5).await,
        expected[expected.len() - 2..]
    );
    assert!(read(&caller, end, 5).await.is_empty());
    assert!(read(&stranger(), 0, 5).await.is_empty());
}

pub(crate) async fn chunks_are_stored_with_their_structure_and_keys(store: &dyn Store) {
    let (batches, summary) = structured();
    let expected: Vec<_> = batches
        .iter()
        .flat_map(|batch| batch.chunks.clone())
        .collect();
    assert!(expected.iter().any(|chunk| chunk.structure.continues));
    assert!(
        expected
            .iter()
            .any(|chunk| chunk.structure.sections.is_some())
    );
    let ended = |chunk: &Chunk| chunk.parents.as_ref().unwrap().ended.len();
    assert!(expected.iter().map(ended).max() == Some(2));
    let done = upload_batches(store, 1, "d", (batches, summary), 10).await;
    let stored = chunks(store, &caller(), &done).await;
    let stored: Vec<_> = stored.into_iter().map(|chunk| chunk.chunk).collect();
    assert_eq!(stored, expected);
    let of = VersionKey {
        document: done.document_uid,
        partition: done.partition,
        version: done.version,
    };
    let heads = store.chunk_heads(&caller(), of, 0, 10_000).await;
    assert_eq!(heads.unwrap(), expected);
}

/// Returns all changes of a collection.
async fn told(store: &dyn Store, collection: &CollectionUid) -> Vec<Change> {
    let mut told = Vec::new();
    let caller = caller();
    while let Some(change) = store
        .change_after(&caller, collection, told.len() as u64)
        .await
        .unwrap()
    {
        told.push(change);
    }
    told
}

pub(crate) async fn operations_are_listed_newest_first(store: &dyn Store) {
    let caller = caller();
    for number in 1..=3 {
        upload(
            store,
            number,
            &format!("d{number}"),
            "text",
            i64::from(number),
        )
        .await;
    }
    let open = start(store, &new_upload(9, "open")).await;
    let list = async |state, before| {
        let list = store.operations(&caller, state, before, 10).await.unwrap();
        list.into_iter()
            .map(|operation| operation.uid.bytes()[0])
            .collect::<Vec<_>>()
    };
    let newest = (Timestamp::MAX, OperationUid::MAX);
    assert_eq!(list(None, newest).await, [3, 9, 2, 1]);
    assert_eq!(list(Some(State::Running), newest).await, [9]);
    assert_eq!(list(None, (open.created_at, open.uid)).await, [2, 1]);
    let none = store
        .operations(&stranger(), None, newest, 10)
        .await
        .unwrap();
    assert_eq!(none, []);
}
