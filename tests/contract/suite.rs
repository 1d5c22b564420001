//! The laws of a store.

use std::collections::BTreeMap;

use sluice::application::caller::Caller;
use sluice::application::ports::chunks::Of;
use sluice::application::ports::clock::Uid;
use sluice::application::ports::collections::Collection;
use sluice::application::ports::state::State;
use sluice::application::ports::store::Store;
use sluice::application::ports::uploads::{End, NewUpload, Started, Upload, Writer};
use sluice::application::stored_spec::StoredSpec;
use sluice::domain::chunking::spec::Spec;
use sluice::domain::ingest::batch::Batch;
use sluice::domain::ingest::machine::{BATCH_BYTES_MIN, Machine, Step, Summary};
use sluice::domain::name::{CollectionId, DocumentId, DocumentName};
use sluice::domain::partition;
use sluice::domain::text::decoding::Decoding;

fn caller() -> Caller {
    Caller::anonymous()
}

fn stranger() -> Caller {
    Caller {
        tenant: "stranger".to_owned(),
    }
}

fn collection() -> Collection {
    let spec = StoredSpec::new(&Spec::default(), Decoding::default());
    Collection {
        uid: [1; 16],
        id: CollectionId::parse("c").unwrap(),
        spec,
        created_at: 1,
    }
}

fn new_upload(number: u8, document: &str) -> NewUpload {
    let document = DocumentName {
        collection: collection().id,
        document: DocumentId::parse(document).unwrap(),
    };
    NewUpload {
        uid: [number; 16],
        document,
        document_uid: [number.wrapping_add(100); 16],
        display_name: "name".to_owned(),
        media_type: "text/plain".to_owned(),
        labels: BTreeMap::from([("key".to_owned(), "'value'".to_owned())]),
        spec: None,
        now: 2,
    }
}

async fn start(store: &dyn Store, new: &NewUpload) -> Upload {
    store
        .create_collection(&caller(), &collection())
        .await
        .unwrap();
    match store.start_upload(&caller(), new).await.unwrap() {
        Started::Upload(upload, _) => *upload,
        other @ (Started::NoCollection | Started::OtherDocument) => unreachable!("{other:?}"),
    }
}

/// Attaches a writer, and says what it believes.
async fn attach(store: &dyn Store, uid: &Uid) -> Writer {
    let upload = store.attach_upload(&caller(), uid).await.unwrap().unwrap();
    Writer {
        uid: *uid,
        epoch: upload.writer_epoch,
        committed_offset: upload.committed_offset,
    }
}

/// The batches of a text, and what is known at its end.
fn batches(text: &str) -> (Vec<Batch>, Summary) {
    let mut machine = Machine::new(&Spec::default(), Decoding::default(), BATCH_BYTES_MIN);
    let (mut rest, mut batches) = (text.as_bytes(), Vec::new());
    loop {
        match machine.step().unwrap() {
            Step::Feed if rest.is_empty() => machine.finish(),
            Step::Feed => rest = &rest[machine.feed(rest)..],
            Step::Store(batch) => batches.push(batch),
            Step::Done(summary) => return (batches, summary),
        }
    }
}

fn text() -> String {
    let sentences = (0..6_000).map(|number: u32| number.to_string());
    sentences
        .flat_map(|number| {
            [
                "Sentence number ".to_owned(),
                number,
                " of a text. ".to_owned(),
            ]
        })
        .collect()
}

async fn texts(store: &dyn Store, caller: &Caller, upload: &Upload) -> Vec<String> {
    let of = Of {
        document: upload.document_uid,
        partition: upload.partition,
        version: upload.version,
    };
    let chunks = store.chunks(caller, of, 0, 100_000).await.unwrap();
    assert!(
        chunks
            .iter()
            .zip(0..)
            .all(|(chunk, ordinal)| chunk.chunk.ordinal == ordinal)
    );
    chunks.into_iter().map(|chunk| chunk.text).collect()
}

pub(crate) async fn has_collection(store: &dyn Store) -> bool {
    store
        .collection(&caller(), &collection().id)
        .await
        .unwrap()
        .is_some()
}

pub(crate) async fn a_collection_is_created_once(store: &dyn Store) {
    assert!(!has_collection(store).await);
    assert!(
        store
            .create_collection(&caller(), &collection())
            .await
            .unwrap()
    );
    let again = Collection {
        uid: [9; 16],
        ..collection()
    };
    assert!(!store.create_collection(&caller(), &again).await.unwrap());
    assert_eq!(
        store.collection(&caller(), &again.id).await.unwrap(),
        Some(collection())
    );
    assert_eq!(
        store.collections(&caller(), "", 10).await.unwrap(),
        [collection()]
    );
    assert_eq!(store.collections(&caller(), "c", 10).await.unwrap(), []);
}

pub(crate) async fn an_upload_started_twice_is_one(store: &dyn Store) {
    let none = store
        .start_upload(&caller(), &new_upload(1, "d"))
        .await
        .unwrap();
    assert!(matches!(none, Started::NoCollection));
    let upload = start(store, &new_upload(1, "d")).await;
    assert_eq!(
        (upload.version, upload.state, upload.committed_offset),
        (1, State::Uploading, 0)
    );
    assert!(partition::candidates(&upload.document_uid).contains(&upload.partition));
    assert_eq!(start(store, &new_upload(1, "d")).await, upload);
    let other = store
        .start_upload(&caller(), &new_upload(1, "e"))
        .await
        .unwrap();
    assert!(matches!(other, Started::OtherDocument));
}

pub(crate) async fn a_batch_replayed_changes_nothing(store: &dyn Store) {
    let upload = start(store, &new_upload(1, "d")).await;
    let (batches, _) = batches(&text());
    assert!(batches.len() > 2);
    let mut writer = attach(store, &upload.uid).await;
    for batch in &batches {
        let committed = store.commit_batch(writer, batch, 3).await.unwrap().unwrap();
        assert_eq!(
            committed.committed_bytes,
            batch.checkpoint.place.position.source
        );
        for _ in 0..3 {
            assert_eq!(store.commit_batch(writer, batch, 3).await.unwrap(), None);
        }
        writer.committed_offset = batch.checkpoint.place.position.source;
    }
    let stored = store.upload(&caller(), &upload.uid).await.unwrap().unwrap();
    assert_eq!(
        stored.checkpoint,
        batches.last().unwrap().checkpoint.encode()
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
        store.commit_batch(older, &batches[0], 3).await.unwrap(),
        None
    );
    assert_eq!(
        store
            .end_upload(older, End::Succeeded(summary), 3)
            .await
            .unwrap(),
        None
    );
    assert!(
        store
            .commit_batch(newer, &batches[0], 3)
            .await
            .unwrap()
            .is_some()
    );
    let cancelled = store
        .cancel_upload(&caller(), &upload.uid, 4)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(cancelled.state, State::Cancelled);
    let after = Writer {
        committed_offset: cancelled.committed_bytes,
        ..newer
    };
    assert_eq!(
        store.commit_batch(after, &batches[1], 5).await.unwrap(),
        None
    );
    assert_eq!(
        store
            .cancel_upload(&caller(), &upload.uid, 5)
            .await
            .unwrap(),
        None
    );
}

pub(crate) async fn a_version_becomes_current_at_its_end_and_an_older_one_does_not(
    store: &dyn Store,
) {
    let (batches, summary) = batches("some text");
    let first = start(store, &new_upload(1, "d")).await;
    let mut writer = attach(store, &first.uid).await;
    store
        .commit_batch(writer, &batches[0], 3)
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
        .end_upload(writer, End::Succeeded(summary), 4)
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
    assert_eq!(superseded[0].failure_reason, "UPLOAD_SUPERSEDED");
    let newest = store
        .newest_upload(&caller(), &first.document_uid)
        .await
        .unwrap();
    assert_eq!(newest.unwrap().uid, third.uid);
    let writer = attach(store, &third.uid).await;
    let failed = End::Failed {
        reason: "DIGEST_MISMATCH",
        message: "wrong".to_owned(),
    };
    store.end_upload(writer, failed, 5).await.unwrap().unwrap();
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

pub(crate) async fn another_tenant_sees_nothing(store: &dyn Store) {
    let upload = start(store, &new_upload(1, "d")).await;
    let (batches, _) = batches("some text");
    store
        .commit_batch(attach(store, &upload.uid).await, &batches[0], 3)
        .await
        .unwrap()
        .unwrap();
    let stranger = stranger();
    assert_eq!(
        store.collection(&stranger, &collection().id).await.unwrap(),
        None
    );
    assert_eq!(store.collections(&stranger, "", 10).await.unwrap(), []);
    assert_eq!(
        store.document(&stranger, &upload.document).await.unwrap(),
        None
    );
    assert_eq!(
        store
            .documents(&stranger, &collection().id, "", 10)
            .await
            .unwrap(),
        []
    );
    assert_eq!(store.upload(&stranger, &upload.uid).await.unwrap(), None);
    assert_eq!(store.operation(&stranger, &upload.uid).await.unwrap(), None);
    assert_eq!(
        store.attach_upload(&stranger, &upload.uid).await.unwrap(),
        None
    );
    assert_eq!(
        store
            .cancel_upload(&stranger, &upload.uid, 4)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        store
            .newest_upload(&stranger, &upload.document_uid)
            .await
            .unwrap(),
        None
    );
    assert!(texts(store, &stranger, &upload).await.is_empty());
    assert_eq!(texts(store, &caller(), &upload).await, ["some text"]);
}

pub(crate) async fn the_hundred_partitions_equal_a_recount(store: &dyn Store) {
    let (batches, _) = batches(&text());
    let mut expected = BTreeMap::<u32, u64>::new();
    for number in 1..40 {
        let upload = start(store, &new_upload(number, &format!("d{number}"))).await;
        let writer = attach(store, &upload.uid).await;
        store
            .commit_batch(writer, &batches[0], 3)
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
