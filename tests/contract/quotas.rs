//! The usage of a tenant is counted, and a request that would exceed a quota is refused.

use sluice::application::commit_order::CommitTicket;
use sluice::application::ports::collections::Deletion;
use sluice::application::ports::store::Store;
use sluice::application::ports::uploads::{Started, UploadEnd};
use sluice::application::store_error::Error;
use sluice::domain::limits::quota::{Quota, Quotas, Usage};
use sluice::domain::names::resource::{DocumentName, TenantId};
use sluice::domain::operation::failure::{Failure, FailureReason};

use crate::world::{KEPT, at, attach, batches, caller, new_upload, start, text, upload, work};

async fn allow(store: &dyn Store, documents: u64, bytes: u64, uploads: u64) {
    let quotas = Quotas {
        documents: Some(documents),
        bytes: Some(bytes),
        uploads: Some(uploads),
    };
    let set = store.set_quotas(&TenantId::default(), quotas).await;
    assert_eq!(set.unwrap().unwrap().quotas, quotas);
}

/// Returns the counted usage, which must equal a recount.
async fn usage(store: &dyn Store) -> (u64, u64, u64) {
    let tenant = store.tenant(&TenantId::default()).await.unwrap().unwrap();
    let Usage {
        documents,
        bytes,
        uploads,
    } = tenant.usage.unwrap();
    let again = store.set_quotas(&tenant.id, tenant.quotas).await;
    assert_eq!(again.unwrap().unwrap().usage, tenant.usage, "a recount");
    (documents, bytes, uploads)
}

fn crossed<T: std::fmt::Debug>(answer: Result<T, Error>) -> Quota {
    match answer {
        Err(Error::Quota(quota)) => quota,
        other => unreachable!("{other:?}"),
    }
}

pub(crate) async fn usage_is_counted_from_the_first_quota_on(store: &dyn Store) {
    let bytes = text().len() as u64;
    upload(store, 1, "d", &text(), 10).await;
    let tenant = store.tenant(&TenantId::default()).await.unwrap().unwrap();
    assert_eq!((tenant.quotas, tenant.usage), (Quotas::default(), None));
    allow(store, 100, 1 << 30, 100).await;
    assert_eq!(usage(store).await, (1, bytes, 0));
    upload(store, 2, "d", "a new version", 20).await;
    assert_eq!(
        usage(store).await,
        (1, bytes + 13, 0),
        "both versions are counted"
    );
    work(store, 20 + KEPT).await;
    assert_eq!(usage(store).await, (1, 13, 0));
    start(store, &new_upload(3, "e")).await;
    let (documents, reserved, uploads) = usage(store).await;
    assert_eq!((documents, uploads), (2, 1));
    assert!(reserved > 13, "{reserved}");
    let writer = attach(store, &[3; 16].into()).await;
    let failed = UploadEnd::Failed(Failure {
        reason: FailureReason::SizeMismatch,
        message: String::new(),
    });
    store
        .end_upload(&writer, failed, at(30), at(30))
        .await
        .unwrap();
    for name in ["d", "e"] {
        let name = DocumentName::parse(&format!("collections/c/documents/{name}")).unwrap();
        let deletion = Deletion {
            uid: [name.document.as_str().as_bytes()[0]; 16].into(),
            request_sha256: [7; 32],
            revision: None,
            now: at(40),
        };
        store
            .delete_document(&caller(), &name, &deletion)
            .await
            .unwrap();
    }
    work(store, 40 + KEPT).await;
    assert_eq!(usage(store).await, (0, 0, 0), "nothing is left");
    let none = store
        .set_quotas(&TenantId::default(), Quotas::default())
        .await;
    assert_eq!(
        none.unwrap().unwrap().usage,
        None,
        "usage is no longer counted"
    );
    let stranger = TenantId::parse("none").unwrap();
    assert_eq!(
        store
            .set_quotas(&stranger, Quotas::default())
            .await
            .unwrap(),
        None
    );
}

pub(crate) async fn a_request_over_a_quota_is_refused_and_stores_nothing(store: &dyn Store) {
    upload(store, 1, "d", "some text", 10).await;
    allow(store, 1, 1 << 30, 1).await;
    let more = new_upload(2, "e");
    assert_eq!(
        crossed(store.start_upload(&caller(), &more).await),
        Quota::Documents
    );
    start(store, &new_upload(3, "d")).await;
    assert_eq!(usage(store).await.2, 1);
    allow(store, 2, 1 << 30, 1).await;
    assert_eq!(
        crossed(store.start_upload(&caller(), &more).await),
        Quota::Uploads
    );
    allow(store, 2, 5, 2).await;
    assert_eq!(
        crossed(store.start_upload(&caller(), &more).await),
        Quota::Bytes
    );
    assert_eq!(store.upload(&caller(), &more.uid).await.unwrap(), None);
    assert_eq!(
        usage(store).await.0,
        1,
        "the refused upload stored no document"
    );
    // A repeated request starts no new upload, so no quota applies.
    allow(store, 0, 0, 0).await;
    let again = store.start_upload(&caller(), &new_upload(3, "d")).await;
    assert!(matches!(again, Ok(Started::Upload(..))));
}

pub(crate) async fn an_upload_over_a_quota_resumes_when_there_is_room(store: &dyn Store) {
    let (all, summary) = batches(&text());
    assert!(all.len() >= 3, "{}", all.len());
    allow(store, 10, text().len() as u64 / 2, 10).await;
    start(store, &new_upload(1, "d")).await;
    let mut writer = attach(store, &[1; 16].into()).await;
    let (mut refused, mut committed) = (0, 0);
    while let Some(batch) = all.get(committed) {
        match store
            .commit_batch(&writer, batch, &CommitTicket::first(), at(20))
            .await
        {
            Ok(Some(_)) => {
                writer.committed_offset = batch.checkpoint.place.position.source;
                committed += 1;
            }
            other => {
                assert_eq!(crossed(other), Quota::Bytes);
                let found = store
                    .upload(&caller(), &[1; 16].into())
                    .await
                    .unwrap()
                    .unwrap();
                assert_eq!(found.committed_offset, writer.committed_offset);
                assert!(!found.state.is_terminal());
                refused += 1;
                let room = batch.checkpoint.place.position.source;
                allow(store, 10, room, 10).await;
            }
        }
    }
    assert!(refused > 0);
    allow(store, 10, text().len() as u64, 10).await;
    let end = UploadEnd::Succeeded(summary);
    store
        .end_upload(&writer, end, at(30), at(30 + KEPT))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(usage(store).await, (1, text().len() as u64, 0));
}
