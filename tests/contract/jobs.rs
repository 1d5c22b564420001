//! Jobs remove deleted, superseded and abandoned data in small steps, and nothing else.

use std::time::Duration;

use sluice::application::commit_order::CommitTicket;
use sluice::application::ports::collections::{Deleted, Deletion};
use sluice::application::ports::jobs::{Fence, Work};
use sluice::application::ports::operations::OperationKind;
use sluice::application::ports::store::Store;
use sluice::domain::names::resource::{CollectionId, DocumentName};
use sluice::domain::operation::failure::FailureReason;
use sluice::domain::operation::state::State;
use sluice::domain::operation::target::Target;

use crate::world::{
    KEPT, LEASE, at, attach, batches, caller, new_upload, reason, start, text, texts, upload, work,
};

fn deletion(uid: u8, revision: Option<u64>) -> Deletion {
    Deletion {
        uid: [uid; 16].into(),
        request_sha256: [7; 32],
        revision,
        now: at(50),
    }
}

fn document(id: &str) -> DocumentName {
    DocumentName::parse(&format!("collections/c/documents/{id}")).unwrap()
}

/// Returns the documents, chunks and bytes in all partitions.
async fn held(store: &dyn Store) -> (u64, u64, u64) {
    let health = store.partitions().await.unwrap();
    let sum = |count: fn(&_) -> u64| health.iter().map(count).sum();
    (
        sum(|p| p.documents),
        sum(|p| p.chunks),
        sum(|p| p.text_bytes),
    )
}

pub(crate) async fn an_old_version_is_swept_after_its_time_and_no_other(store: &dyn Store) {
    let old = upload(store, 1, "d", &text(), 10).await;
    let other = upload(store, 2, "other", &text(), 10).await;
    let before = held(store).await;
    let new = upload(store, 3, "d", "a new version", 20).await;
    assert_eq!(
        work(store, 20 + KEPT - 1).await,
        0,
        "nothing is swept before its time"
    );
    let chunks = texts(store, &caller(), &old).await.len() as u64;
    assert_eq!(
        work(store, 20 + KEPT).await,
        chunks + 1,
        "chunks and the version"
    );
    assert!(texts(store, &caller(), &old).await.is_empty());
    assert_eq!(texts(store, &caller(), &new).await, ["a new version"]);
    assert_eq!(texts(store, &caller(), &other).await.concat(), text());
    let bytes = before.2 - text().len() as u64 + 13;
    assert_eq!(held(store).await, (2, before.1 - chunks + 1, bytes));
    let of = &new.document_uid;
    assert_eq!(store.version_chunks(&caller(), of, 1).await.unwrap(), None);
    assert_eq!(
        store.version_chunks(&caller(), of, 2).await.unwrap(),
        Some(1)
    );
}

pub(crate) async fn a_deleted_document_is_gone_at_once_and_its_chunks_soon(store: &dyn Store) {
    let (caller, name) = (caller(), document("d"));
    let done = upload(store, 1, "d", &text(), 10).await;
    let open = start(store, &new_upload(2, "d")).await;
    upload(store, 3, "other", "other", 10).await;
    let delete = async |uid, revision| {
        let deletion = deletion(uid, revision);
        store
            .delete_document(&caller, &name, &deletion)
            .await
            .unwrap()
    };
    assert_eq!(delete(9, Some(77)).await, Deleted::Changed);
    assert_eq!(delete(1, None).await, Deleted::OtherRequest);
    let Deleted::Operation(operation, ended) = delete(9, Some(2)).await else {
        unreachable!("the document exists")
    };
    assert_eq!(
        (operation.kind, operation.state),
        (OperationKind::DeleteDocument, State::Running)
    );
    assert_eq!(operation.target, Target::Document(name.clone()));
    assert_eq!(
        (ended.len(), ended[0].uid, ended[0].state),
        (1, open.uid, State::Failed)
    );
    assert_eq!(store.document(&caller, &name).await.unwrap(), None);
    let again = delete(9, None).await;
    assert!(matches!(again, Deleted::Operation(again, _) if again == operation));
    assert_eq!(delete(8, None).await, Deleted::NotFound);

    let chunks = texts(store, &caller, &done).await.len() as u64;
    work(store, 60).await;
    let ended = store
        .operation(&caller, &[9; 16].into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((ended.state, ended.chunks), (State::Succeeded, chunks));
    assert!(ended.seq > operation.seq);
    let (_, chunks, bytes) = held(store).await;
    assert_eq!((chunks, bytes), (1, 5), "the other document stays");
    let new = upload(store, 4, "d", "a new document", 70).await;
    assert_ne!(new.document_uid, done.document_uid);
    assert_eq!(
        (new.version, texts(store, &caller, &new).await.len()),
        (1, 1)
    );
}

pub(crate) async fn a_deleted_collection_takes_its_documents_with_it(store: &dyn Store) {
    let (caller, id) = (caller(), CollectionId::parse("c").unwrap());
    for number in 0..25 {
        upload(store, number, &format!("d{number}"), "some text", 10).await;
    }
    let delete = async |force| {
        let deletion = deletion(99, None);
        store
            .delete_collection(&caller, &id, force, &deletion)
            .await
            .unwrap()
    };
    assert_eq!(delete(false).await, Deleted::NotEmpty);
    assert!(matches!(delete(true).await, Deleted::Operation(..)));
    assert_eq!(store.collection(&caller, &id).await.unwrap(), None);
    assert_eq!(
        store.document(&caller, &document("d3")).await.unwrap(),
        None
    );
    work(store, 60).await;
    let ended = store
        .operation(&caller, &[99; 16].into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((ended.state, ended.chunks), (State::Succeeded, 25));
    assert_eq!((held(store).await.1, held(store).await.2), (0, 0));
}

pub(crate) async fn abandoned_uploads_fail_and_old_operations_expire(store: &dyn Store) {
    let caller = caller();
    let (batches, _) = batches(&text());
    let open = start(store, &new_upload(1, "d")).await;
    let writer = attach(store, &open.uid).await;
    store
        .commit_batch(&writer, &batches[0], &CommitTicket::first(), at(10))
        .await
        .unwrap()
        .unwrap();
    let done = upload(store, 2, "done", "some text", 10).await;
    let fence = store
        .claim(Work::Jobs, &[1; 16].into(), LEASE)
        .await
        .unwrap()
        .unwrap();
    let abandon = async |since| {
        store
            .abandon_uploads(fence, at(since), at(30), 10)
            .await
            .unwrap()
            .unwrap()
    };
    assert_eq!(abandon(10).await.rows, 0);
    let abandoned = abandon(11).await;
    assert_eq!((abandoned.rows, abandoned.updates[0].uid), (1, open.uid));
    assert_eq!(
        reason(&abandoned.updates[0]),
        Some(FailureReason::UploadAbandoned)
    );
    work(store, 30).await;
    assert_eq!(
        held(store).await.1,
        1,
        "the chunks of the abandoned upload are swept"
    );

    let expire = async |before| {
        store
            .expire(fence, at(before), 10)
            .await
            .unwrap()
            .unwrap()
            .rows
    };
    assert_eq!(expire(10).await, 0);
    assert!(expire(11).await > 0);
    assert_eq!(store.upload(&caller, &done.uid).await.unwrap(), None);
    assert!(
        store.upload(&caller, &open.uid).await.unwrap().is_some(),
        "the upload ended at 30"
    );
    assert_eq!(
        texts(store, &caller, &done).await,
        ["some text"],
        "the document stays"
    );
    let collection = store
        .collection(&caller, &done.document.collection)
        .await
        .unwrap()
        .unwrap();
    let extent = store
        .changes_extent(&caller, &collection.uid)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((extent.newest, extent.forgotten), (1, 1));
    while expire(1_000).await > 0 {}
    assert_eq!(store.upload(&caller, &open.uid).await.unwrap(), None);
}

pub(crate) async fn a_released_lease_goes_to_the_next_claim(store: &dyn Store) {
    let claim = async |holder: u8| {
        store
            .claim(Work::Jobs, &[holder; 16].into(), LEASE)
            .await
            .unwrap()
    };
    let release = async |holder: u8| {
        store
            .release(Work::Jobs, &[holder; 16].into())
            .await
            .unwrap();
    };
    release(1).await;
    let first = claim(1).await.unwrap();
    release(2).await;
    assert_eq!(claim(2).await, None, "only the holder releases the lease");
    release(1).await;
    let second = claim(2).await.unwrap();
    assert!(second.0 > first.0);
    assert_eq!(store.sweep_chunks(first, at(1), 10).await.unwrap(), None);
    release(1).await;
    assert_eq!(
        claim(1).await,
        None,
        "the release of a former holder has no effect"
    );
}

pub(crate) async fn only_the_newest_fence_works(store: &dyn Store) {
    upload(store, 1, "d", "some text", 10).await;
    let claim = async |holder: u8, lasts| {
        store
            .claim(Work::Jobs, &[holder; 16].into(), lasts)
            .await
            .unwrap()
    };
    let first = claim(1, Duration::ZERO).await.unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    let second = claim(2, LEASE).await.unwrap();
    assert!(second.0 > first.0, "the lease had expired");
    assert_eq!(claim(1, LEASE).await, None, "another holder has the lease");
    assert_eq!(
        claim(2, LEASE).await,
        Some(second),
        "the holder renews the lease"
    );
    assert_eq!(
        store.sweep_chunks(first, at(1_000), 10).await.unwrap(),
        None
    );
    assert_eq!(
        store.advance_deletions(first, at(1_000), 10).await.unwrap(),
        None
    );
    assert_eq!(
        store
            .abandon_uploads(first, at(1_000), at(1_000), 10)
            .await
            .unwrap(),
        None
    );
    assert_eq!(store.expire(Fence(0), at(1_000), 10).await.unwrap(), None);
    assert!(
        store
            .sweep_chunks(second, at(1_000), 10)
            .await
            .unwrap()
            .is_some()
    );
}
