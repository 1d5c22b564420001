//! The counts of the hundred partitions.

use std::collections::BTreeMap;

use sluice::application::commit_order::CommitTicket;
use sluice::application::ports::store::Store;

use sluice::application::ports::collections::Deletion;
use sluice::domain::names::resource::DocumentName;
use sluice::domain::partitions::candidates::candidates;

use crate::world::{at, attach, batches, caller, new_upload, start, stranger, text, texts, upload};

pub(crate) async fn the_hundred_partitions_equal_a_recount(store: &dyn Store) {
    let (batches, _) = batches(&text());
    let mut expected = BTreeMap::<u32, u64>::new();
    for number in 1..40 {
        let upload = start(store, &new_upload(number, &format!("d{number}"))).await;
        let writer = attach(store, &upload.uid).await;
        store
            .commit_batch(&writer, &batches[0], &CommitTicket::first(), at(3))
            .await
            .unwrap()
            .unwrap();
        *expected.entry(upload.partition).or_default() +=
            texts(store, &caller(), &upload).await.len() as u64;
    }
    let health = store.partitions().await.unwrap();
    assert_eq!(health.len(), 100);
    for (partition, number) in health.iter().zip(0..) {
        assert_eq!(partition.partition, number);
        assert_eq!(
            partition.chunks,
            expected.get(&number).copied().unwrap_or_default()
        );
        assert_eq!(partition.status == "EMPTY", partition.chunks == 0);
    }
}

pub(crate) async fn the_row_of_a_document_has_its_partition_and_its_counts(store: &dyn Store) {
    let (caller, name) = (caller(), |id: &str| {
        DocumentName::parse(&format!("collections/c/documents/{id}")).unwrap()
    });
    for (number, id) in ["small", "large", "gone"].into_iter().enumerate() {
        let text = text()[..20_000 * number + 500].to_owned();
        upload(store, u8::try_from(number).unwrap(), id, &text, 10).await;
    }
    let large = upload(store, 9, "large", &text(), 20).await;
    let deletion = Deletion {
        uid: [99; 16].into(),
        request_sha256: [7; 32],
        revision: None,
        now: at(30),
    };
    store
        .delete_document(&caller, &name("gone"), &deletion)
        .await
        .unwrap();
    let locate = async |caller, id| store.locate_document(caller, &name(id)).await.unwrap();
    let located = locate(&caller, "large").await.unwrap();
    assert_eq!(
        (located.uid, located.partition),
        (large.document_uid, large.partition)
    );
    assert_eq!(
        located.said, located.counted,
        "the counts include both versions"
    );
    assert!(located.said.chunks > texts(store, &caller, &large).await.len() as u64);
    assert_eq!(located.chunks_elsewhere, 0);
    assert_eq!(locate(&caller, "gone").await, None);
    assert_eq!(locate(&stranger(), "large").await, None);

    let named = |id: &str, largest: &[sluice::domain::partitions::balance::Document]| {
        let found = largest
            .iter()
            .position(|document| document.name == name(id));
        found.map(|at| largest[at].clone())
    };
    let largest = store.largest_documents(10).await.unwrap();
    assert_eq!(largest.len(), 2, "the deleted document is not listed");
    assert_eq!(named("large", &largest).unwrap(), largest[0]);
    assert_eq!(largest[0].chunks, located.said.chunks);
    assert_eq!(largest[0].partition, large.partition);
    let places = [largest[0].partition, largest[0].other_candidate];
    let mut candidates = candidates(&large.document_uid);
    candidates.sort_by_key(|candidate| *candidate != large.partition);
    assert_eq!(places, candidates);
    assert!(largest[0].chunks > largest[1].chunks);
    assert_eq!(store.largest_documents(1).await.unwrap(), largest[..1]);
    let health = store.partitions().await.unwrap();
    let documents = health.iter().map(|partition| partition.documents);
    assert_eq!(
        documents.sum::<u64>(),
        2,
        "the deleted document is not counted"
    );
}
