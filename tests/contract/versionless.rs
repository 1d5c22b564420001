//! A document without a completed upload is removed with its last upload, however that ends.

use std::collections::BTreeMap;

use sluice::application::ports::jobs::Work;
use sluice::application::ports::store::Store;
use sluice::application::ports::uploads::{Started, Upload, UploadEnd};
use sluice::application::store_error::Error;
use sluice::domain::limits::quota::Quotas;
use sluice::domain::names::resource::TenantId;
use sluice::domain::names::uid::OperationUid;
use sluice::domain::operation::failure::{Failure, FailureReason};

use crate::world::{LEASE, at, attach, caller, new_upload, start, upload, work};

/// Returns the number of documents in the list, in the partitions and in the usage of the tenant.
async fn documents(store: &dyn Store) -> (usize, u64, u64) {
    let collection = new_upload(1, "d").document.collection;
    let labels = BTreeMap::new();
    let listed = store
        .documents(&caller(), &collection, &labels, "", 10)
        .await;
    let partitions = store.partitions().await.unwrap();
    let held = partitions.iter().map(|partition| partition.documents).sum();
    let quotas = Quotas {
        documents: Some(100),
        ..Quotas::default()
    };
    let tenant = store.set_quotas(&TenantId::default(), quotas).await;
    let counted = tenant.unwrap().unwrap().usage.unwrap().documents;
    (listed.unwrap().len(), held, counted)
}

async fn fail(store: &dyn Store, uid: &OperationUid) {
    let writer = attach(store, uid).await;
    let failed = UploadEnd::Failed(Failure {
        reason: FailureReason::InvalidContent,
        message: "wrong".to_owned(),
    });
    let ended = store.end_upload(&writer, failed, at(5), at(5)).await;
    ended.unwrap().unwrap();
}

async fn is_known(store: &dyn Store, upload: &Upload) -> bool {
    let document = store.document(&caller(), &upload.document).await;
    document.unwrap().is_some()
}

pub(crate) async fn a_document_without_a_version_is_removed_with_its_last_upload(
    store: &dyn Store,
) {
    let first = start(store, &new_upload(1, "d")).await;
    assert!(
        is_known(store, &first).await,
        "the document exists during the upload"
    );
    assert_eq!(documents(store).await, (1, 1, 1));
    fail(store, &first.uid).await;
    assert!(!is_known(store, &first).await);
    assert_eq!(documents(store).await, (0, 0, 0));
    let ended = store.upload(&caller(), &first.uid).await.unwrap().unwrap();
    assert_eq!(
        ended.failure.map(|failure| failure.reason),
        Some(FailureReason::InvalidContent),
        "the upload has the reason"
    );

    let second = start(store, &new_upload(2, "d")).await;
    assert_ne!(second.document_uid, first.document_uid, "another document");
    let third = store.start_upload(&caller(), &new_upload(3, "d")).await;
    let Ok(Started::Upload(third, _)) = third else {
        unreachable!("the collection is there")
    };
    assert!(
        is_known(store, &third).await,
        "a newer upload keeps the document"
    );
    let cancelled = store.cancel_upload(&caller(), &third.uid, at(6)).await;
    cancelled.unwrap().unwrap();
    assert_eq!(documents(store).await, (0, 0, 0));

    let open = start(store, &new_upload(4, "d")).await;
    let fence = store
        .claim(Work::Jobs, &[1; 16].into(), LEASE)
        .await
        .unwrap();
    let abandoned = store
        .abandon_uploads(fence.unwrap(), at(1_000), at(1_000), 10)
        .await;
    assert_eq!(abandoned.unwrap().unwrap().updates[0].uid, open.uid);
    assert_eq!(documents(store).await, (0, 0, 0));

    let whole = upload(store, 5, "d", "some text", 2_000).await;
    let failed = start(store, &new_upload(6, "d")).await;
    fail(store, &failed.uid).await;
    assert!(
        is_known(store, &whole).await,
        "the previous version is kept"
    );
    assert_eq!(documents(store).await, (1, 1, 1));
    work(store, 3_000).await;
    assert_eq!(documents(store).await, (1, 1, 1));
}

/// Two instances: one starts an upload of a document while the other cancels the last upload of it.
pub(crate) async fn an_upload_that_starts_while_its_document_is_removed_is_not_lost(
    store: &dyn Store,
) {
    let mut begun = 0;
    for number in (1..100).step_by(2) {
        let first = start(store, &new_upload(number, "d")).await;
        let next = new_upload(number + 1, "d");
        let as_caller = caller();
        let cancelling = store.cancel_upload(&as_caller, &first.uid, at(5));
        let (cancelled, started) = tokio::join!(cancelling, store.start_upload(&as_caller, &next));
        cancelled.unwrap();
        match started {
            Ok(Started::Upload(upload, _)) => {
                assert!(is_known(store, &upload).await);
                begun += 1;
            }
            Err(Error::Unavailable(_)) => {}
            other => unreachable!("{other:?}"),
        }
        let ended = store.cancel_upload(&as_caller, &next.uid, at(6)).await;
        ended.unwrap();
    }
    assert!(begun > 0, "a start may fail at times, but not always");
}
