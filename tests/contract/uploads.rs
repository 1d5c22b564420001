//! Exactly once: the rows of an upload are written once, under repetitions and concurrent writers.

use sluice::application::commit_order::CommitTicket;
use sluice::application::ports::collections::{Collection, Deleted, Deletion};
use sluice::application::ports::partitions::{Move, Moved};
use sluice::application::ports::store::Store;
use sluice::application::ports::uploads::{Declared, NewUpload, Started, UploadEnd, Writer};
use sluice::domain::chunking::spec::partial::Partial;
use sluice::domain::ingest::preferences::Preferences;
use sluice::domain::operation::failure::{Failure, FailureReason};
use sluice::domain::operation::state::State;
use sluice::domain::partitions::candidates;
use sluice::domain::text::encoding::policy::{self, Choice};

use crate::world::{
    KEPT, at, attach, batches, caller, collection, new_upload, reason, start, text, texts, upload,
    work,
};

pub(crate) async fn an_upload_started_twice_is_stored_once(store: &dyn Store) {
    let none = store
        .start_upload(&caller(), &new_upload(1, "d"))
        .await
        .unwrap();
    assert!(matches!(none, Started::NoCollection));
    let upload = start(store, &new_upload(1, "d")).await;
    assert_eq!(
        (upload.version, upload.state, upload.committed_offset),
        (1, State::Running, 0)
    );
    assert!(candidates::candidates(&upload.document_uid).contains(&upload.partition));
    assert_eq!(start(store, &new_upload(1, "d")).await, upload);
    let labelled = NewUpload {
        request_sha256: [3; 32],
        ..new_upload(1, "d")
    };
    for other in [new_upload(1, "e"), labelled] {
        let other = store.start_upload(&caller(), &other).await.unwrap();
        assert!(matches!(other, Started::OtherRequest));
    }
}

/// The data for comparing a repeated request is retained as long as the upload, even if its version is deleted.
pub(crate) async fn an_upload_keeps_its_request_and_its_declaration(store: &dyn Store) {
    let caller = caller();
    let (batches, summary) = batches("some text");
    let declared = Declared {
        sha256: Some([4; 32]),
        total_size: Some(9),
    };
    let new = NewUpload {
        declared,
        ..new_upload(1, "d")
    };
    let begun = start(store, &new).await;
    assert_eq!(
        (begun.request_sha256, begun.declared),
        (new.request_sha256, declared)
    );
    assert_eq!(
        (begun.source_sha256, begun.is_document_deleted),
        (None, false)
    );
    let mut writer = attach(store, &begun.uid).await;
    let turn = CommitTicket::first();
    let committed = store.commit_batch(&writer, &batches[0], &turn, at(3));
    committed.await.unwrap().unwrap();
    writer.committed_offset = 9;
    let ended = store.end_upload(&writer, UploadEnd::Succeeded(summary), at(4), at(4));
    ended.await.unwrap().unwrap();
    upload(store, 2, "d", "other text", 5).await;
    work(store, 5 + KEPT).await;
    let kept = async || store.upload(&caller, &begun.uid).await.unwrap().unwrap();
    let found = kept().await;
    assert_eq!(found.source_sha256, Some(summary.source_sha256));
    assert!(!found.is_document_deleted);

    let deletion = Deletion {
        uid: [9; 16].into(),
        request_sha256: [7; 32],
        revision: None,
        now: at(200),
    };
    let deleted = store.delete_document(&caller, &begun.document, &deletion);
    deleted.await.unwrap();
    assert!(kept().await.is_document_deleted);
    let again = upload(store, 3, "d", "some text", 210).await;
    assert!(!again.is_document_deleted && kept().await.is_document_deleted);
    let deletion = Deletion {
        uid: [10; 16].into(),
        ..deletion
    };
    let collection = collection().id;
    let deleted = store.delete_collection(&caller, &collection, true, &deletion);
    deleted.await.unwrap();
    let found = store.upload(&caller, &again.uid).await.unwrap().unwrap();
    assert!(
        found.is_document_deleted,
        "the document was deleted with its collection"
    );
}

/// All operations of a tenant share one namespace of request ids.
pub(crate) async fn a_request_id_of_another_operation_is_refused(store: &dyn Store) {
    let caller = caller();
    let first = upload(store, 1, "d", "some text", 3).await;
    let (uid, request_sha256) = (first.uid, [7; 32]);
    let deletion = Deletion {
        uid,
        request_sha256,
        revision: None,
        now: at(4),
    };
    let asked = Move {
        uid,
        request_sha256,
        now: at(4),
    };
    let deleted = store.delete_document(&caller, &first.document, &deletion);
    assert_eq!(deleted.await.unwrap(), Deleted::OtherRequest);
    let collection = collection().id;
    let deleted = store.delete_collection(&caller, &collection, true, &deletion);
    assert_eq!(deleted.await.unwrap(), Deleted::OtherRequest);
    let moved = store.move_document(&caller, &first.document, &asked);
    assert_eq!(moved.await.unwrap(), Moved::OtherRequest);
    let deletion = Deletion {
        uid: [9; 16].into(),
        ..deletion
    };
    let delete = async |deletion: &Deletion| {
        let deleted = store.delete_document(&caller, &first.document, deletion);
        deleted.await.unwrap()
    };
    assert!(matches!(delete(&deletion).await, Deleted::Operation(..)));
    assert!(
        matches!(delete(&deletion).await, Deleted::Operation(..)),
        "the same request"
    );
    let other = Deletion {
        request_sha256: [6; 32],
        ..deletion
    };
    assert_eq!(delete(&other).await, Deleted::OtherRequest);
    let taken = store.start_upload(&caller, &new_upload(9, "e")).await;
    assert!(matches!(taken.unwrap(), Started::OtherRequest));
}

pub(crate) async fn a_batch_replayed_changes_nothing(store: &dyn Store) {
    let upload = start(store, &new_upload(1, "d")).await;
    let (batches, _) = batches(&text());
    assert!(batches.len() > 2);
    let mut writer = attach(store, &upload.uid).await;
    for batch in &batches {
        let committed = store
            .commit_batch(&writer, batch, &CommitTicket::first(), at(3))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            committed.committed_bytes,
            batch.checkpoint.place.position.source
        );
        for _ in 0..3 {
            assert_eq!(
                store
                    .commit_batch(&writer, batch, &CommitTicket::first(), at(3))
                    .await
                    .unwrap(),
                None
            );
        }
        writer.committed_offset = batch.checkpoint.place.position.source;
    }
    let stored = store.upload(&caller(), &upload.uid).await.unwrap().unwrap();
    assert_eq!(
        stored.checkpoint,
        Some(batches.last().unwrap().checkpoint.encode())
    );
    assert_eq!(stored.seq, upload.seq + batches.len() as u64);
    assert_eq!(texts(store, &caller(), &upload).await.concat(), text());
}

pub(crate) async fn writers_that_attach_at_once_have_different_epochs(store: &dyn Store) {
    let upload = start(store, &new_upload(1, "d")).await;
    let (a, b) = tokio::join!(attach(store, &upload.uid), attach(store, &upload.uid));
    let (c, d) = tokio::join!(attach(store, &upload.uid), attach(store, &upload.uid));
    let mut epochs = [a, b, c, d].map(|writer| writer.epoch);
    epochs.sort_unstable();
    assert_eq!(epochs, [1, 2, 3, 4]);
}

pub(crate) async fn only_the_newest_writer_commits(store: &dyn Store) {
    let upload = start(store, &new_upload(1, "d")).await;
    let (batches, summary) = batches(&text());
    let older = attach(store, &upload.uid).await;
    let newer = attach(store, &upload.uid).await;
    assert_eq!(
        store
            .commit_batch(&older, &batches[0], &CommitTicket::first(), at(3))
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        store
            .end_upload(&older, UploadEnd::Succeeded(summary), at(3), at(3))
            .await
            .unwrap(),
        None
    );
    assert!(
        store
            .commit_batch(&newer, &batches[0], &CommitTicket::first(), at(3))
            .await
            .unwrap()
            .is_some()
    );
    let cancelled = store
        .cancel_upload(&caller(), &upload.uid, at(4))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(cancelled.state, State::Cancelled);
    let after = Writer {
        committed_offset: cancelled.committed_bytes,
        ..newer
    };
    assert_eq!(
        store
            .commit_batch(&after, &batches[1], &CommitTicket::first(), at(5))
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        store
            .cancel_upload(&caller(), &upload.uid, at(5))
            .await
            .unwrap(),
        None
    );
}

pub(crate) async fn a_version_becomes_current_at_its_end(store: &dyn Store) {
    let (batches, summary) = batches("some text");
    let first = start(store, &new_upload(1, "d")).await;
    let mut writer = attach(store, &first.uid).await;
    store
        .commit_batch(&writer, &batches[0], &CommitTicket::first(), at(3))
        .await
        .unwrap()
        .unwrap();
    let document = store
        .document(&caller(), &first.document)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(document.current, None);
    writer.committed_offset = 9;
    let ended = store
        .end_upload(&writer, UploadEnd::Succeeded(summary), at(4), at(4))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((ended.state, ended.committed_bytes), (State::Succeeded, 9));
    let document = store
        .document(&caller(), &first.document)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(document.current.unwrap().version, 1);
}

pub(crate) async fn an_unfinished_upload_is_superseded_and_a_failed_one_is_never_current(
    store: &dyn Store,
) {
    let first = upload(store, 1, "d", "some text", 3).await;
    let second = start(store, &new_upload(2, "d")).await;
    assert_eq!(
        (second.version, second.document_uid),
        (2, first.document_uid)
    );
    let third = store
        .start_upload(&caller(), &new_upload(3, "d"))
        .await
        .unwrap();
    let Started::Upload(third, superseded) = third else {
        unreachable!("the collection is there")
    };
    assert_eq!(
        superseded
            .iter()
            .map(|operation| operation.uid)
            .collect::<Vec<_>>(),
        [second.uid]
    );
    assert_eq!(
        reason(&superseded[0]),
        Some(FailureReason::UploadSuperseded)
    );
    let newest = store
        .newest_upload(&caller(), &first.document_uid)
        .await
        .unwrap();
    assert_eq!(newest.unwrap().uid, third.uid);
    let writer = attach(store, &third.uid).await;
    let failed = UploadEnd::Failed(Failure {
        reason: FailureReason::DigestMismatch,
        message: "wrong".to_owned(),
    });
    store
        .end_upload(&writer, failed, at(5), at(5))
        .await
        .unwrap()
        .unwrap();
    let document = store
        .document(&caller(), &first.document)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        document.current.unwrap().version,
        1,
        "a failed version is never current"
    );
}

pub(crate) async fn an_upload_s_preferences_are_merged_over_its_collection_s(store: &dyn Store) {
    let of = |chunking: Partial, charset: Option<Choice>| Preferences {
        chunking,
        decoding: policy::Partial {
            charset,
            ..policy::Partial::default()
        },
    };
    let sized = Partial {
        min_size: Some(200),
        max_size: Some(400),
        ..Partial::default()
    };
    let tuned = Collection {
        preferences: of(sized, Some(Choice::Detect)),
        ..collection()
    };
    store
        .create_collection(&caller(), &tuned, &[0; 32])
        .await
        .unwrap();
    let overlapping = Partial {
        overlap: Some(0),
        ..Partial::default()
    };
    let new = NewUpload {
        preferences: of(overlapping, None),
        ..new_upload(1, "d")
    };
    let started = store.start_upload(&caller(), &new).await.unwrap();
    let Started::Upload(upload, _) = started else {
        unreachable!("{started:?}");
    };
    assert_eq!(
        Ok((upload.spec.clone(), upload.decoding)),
        new.preferences.over(&tuned.preferences)
    );
    let limits = *upload.spec.limits();
    assert_eq!((limits.max_size(), limits.overlap()), (400, 0));
    assert_eq!(upload.decoding.charset, None);
    let small = Partial {
        max_size: Some(100),
        ..Partial::default()
    };
    let new = NewUpload {
        preferences: of(small, None),
        ..new_upload(2, "e")
    };
    let started = store.start_upload(&caller(), &new).await.unwrap();
    assert!(matches!(started, Started::Conflict(_)), "{started:?}");
    assert_eq!(store.upload(&caller(), &new.uid).await.unwrap(), None);
    let document = store.document(&caller(), &new.document).await.unwrap();
    assert_eq!(document, None, "nothing is stored");
}
