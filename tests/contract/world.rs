//! The fixtures of the suite: a collection, uploads in it, and batches of a text.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::tokenizers::loaded;
use sluice::application::caller::Caller;
use sluice::application::commit_order::CommitTicket;
use sluice::application::ports::chunks::{Chunk, VersionKey};
use sluice::application::ports::collections::Collection;
use sluice::application::ports::documents::Metadata;
use sluice::application::ports::jobs::Work;
use sluice::application::ports::operations::Operation;
use sluice::application::ports::store::Store;
use sluice::application::ports::uploads::{
    Declared, NewUpload, Started, Upload, UploadEnd, UploadSource, Writer,
};
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::spec::levels::Levels;
use sluice::domain::chunking::strategy::Strategy;
use sluice::domain::ingest::batch::Batch;
use sluice::domain::ingest::digest;
use sluice::domain::ingest::engine::{BATCH_BYTES_MIN, Engine, Step, Summary};
use sluice::domain::ingest::preferences::Preferences;
use sluice::domain::names::resource::{CollectionId, DocumentId, DocumentName, TenantId};
use sluice::domain::names::uid::OperationUid;
use sluice::domain::operation::failure::FailureReason;
use sluice::domain::text::encoding::decoding::Decoding;
use sluice::domain::timestamp::Timestamp;

pub(crate) fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

pub(crate) fn caller() -> Caller {
    Caller::anonymous()
}

/// Returns the reason of an operation that has failed.
pub(crate) fn reason(operation: &Operation) -> Option<FailureReason> {
    operation.failure.as_ref().map(|failure| failure.reason)
}

pub(crate) fn stranger() -> Caller {
    Caller::of_tenant(TenantId::parse("stranger").unwrap())
}

pub(crate) fn collection() -> Collection {
    Collection {
        uid: [1; 16].into(),
        id: CollectionId::parse("c").unwrap(),
        preferences: Preferences::default(),
        revision: 1,
        created_at: at(1),
        updated_at: at(1),
    }
}

pub(crate) fn new_upload(number: u8, document: &str) -> NewUpload {
    let document = DocumentName {
        collection: collection().id,
        document: DocumentId::parse(document).unwrap(),
    };
    NewUpload {
        uid: [number; 16].into(),
        request_sha256: digest::sha256(format!("upload {document}").as_bytes()),
        declared: Declared::default(),
        document,
        document_uid: [number.wrapping_add(100); 16].into(),
        metadata: Metadata {
            display_name: Some("name".to_owned()),
            media_type: Some("text/plain".to_owned()),
            labels: Some(BTreeMap::from([("key".to_owned(), "'value'".to_owned())])),
        },
        preferences: Preferences::default(),
        source: UploadSource::Client,
        now: at(2),
    }
}

pub(crate) async fn start(store: &dyn Store, new: &NewUpload) -> Upload {
    store
        .create_collection(&caller(), &collection(), &[0; 32])
        .await
        .unwrap();
    match store.start_upload(&caller(), new).await.unwrap() {
        Started::Upload(upload, _) => *upload,
        other @ (Started::NoCollection | Started::Conflict(_) | Started::OtherRequest) => {
            unreachable!("{other:?}")
        }
    }
}

/// Attaches a writer to an upload, and returns it.
pub(crate) async fn attach(store: &dyn Store, uid: &OperationUid) -> Writer {
    let upload = store
        .attach_upload(&caller(), uid, at(2))
        .await
        .unwrap()
        .unwrap();
    Writer {
        caller: caller(),
        uid: *uid,
        epoch: upload.writer_epoch,
        committed_offset: upload.committed_offset,
    }
}

/// Returns the batches of a text, and the summary at its end.
pub(crate) fn batches(text: &str) -> (Vec<Arc<Batch>>, Summary) {
    decoded(text.as_bytes(), Decoding::default())
}

/// Returns the batches of a source in any charset, and the summary at its end.
pub(crate) fn decoded(source: &[u8], decoding: Decoding) -> (Vec<Arc<Batch>>, Summary) {
    cut(&Spec::default(), source, decoding)
}

/// Returns the batches of a document with headings, a cut table and a cut fence, in three levels, and the summary at its
/// end.
pub(crate) fn structured() -> (Vec<Arc<Batch>>, Summary) {
    let request = Request {
        strategy: Some(Strategy::Markdown),
        levels: Levels::new(vec![8_000, 2_000, 1_000]).unwrap(),
        ..Request::default()
    };
    let rows = "| one cell | \u{1F30A} |\n".repeat(100);
    let lines = "let gate = \"open\";\n".repeat(100);
    let sections =
        (0..50).map(|number| format!("## \"{number}\"\n\n{}", "A sentence. ".repeat(30)));
    let sections = sections.collect::<Vec<_>>().join("\n\n");
    let text = format!(
        "before\n\n# Title\n\n| a | b |\n| - | - |\n{rows}\n```rust\n{lines}```\n\n{sections}"
    );
    cut(
        &Spec::new(request).unwrap(),
        text.as_bytes(),
        Decoding::default(),
    )
}

fn cut(spec: &Spec, source: &[u8], decoding: Decoding) -> (Vec<Arc<Batch>>, Summary) {
    let mut engine = Engine::new(&loaded(spec), decoding, BATCH_BYTES_MIN);
    let (mut rest, mut batches) = (source, Vec::new());
    loop {
        match engine.step().unwrap() {
            Step::Feed if rest.is_empty() => engine.finish(),
            Step::Feed => rest = &rest[engine.feed(rest)..],
            Step::Store(batch) => batches.push(Arc::new(batch.digested())),
            Step::Done(summary) => return (batches, summary),
        }
    }
}

pub(crate) fn text() -> String {
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

pub(crate) async fn texts(store: &dyn Store, caller: &Caller, upload: &Upload) -> Vec<String> {
    let chunks = chunks(store, caller, upload).await;
    chunks.into_iter().map(|chunk| chunk.text).collect()
}

pub(crate) async fn chunks(store: &dyn Store, caller: &Caller, upload: &Upload) -> Vec<Chunk> {
    let of = VersionKey {
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
    chunks
}

/// Uploads a whole text as a document, at the time `now`.
pub(crate) async fn upload(
    store: &dyn Store,
    number: u8,
    document: &str,
    text: &str,
    now: i64,
) -> Upload {
    upload_batches(store, number, document, batches(text), now).await
}

/// Uploads the batches of a whole source as a document, at the time `now`.
pub(crate) async fn upload_batches(
    store: &dyn Store,
    number: u8,
    document: &str,
    source: (Vec<Arc<Batch>>, Summary),
    now: i64,
) -> Upload {
    let (batches, summary) = source;
    let new = NewUpload {
        now: at(now),
        ..new_upload(number, document)
    };
    let upload = start(store, &new).await;
    let mut writer = attach(store, &upload.uid).await;
    for batch in &batches {
        store
            .commit_batch(&writer, batch, &CommitTicket::first(), at(now))
            .await
            .unwrap()
            .unwrap();
        writer.committed_offset = batch.checkpoint.place.position.source;
    }
    let end = UploadEnd::Succeeded(summary);
    store
        .end_upload(&writer, end, at(now), at(now + KEPT))
        .await
        .unwrap()
        .unwrap();
    store.upload(&caller(), &upload.uid).await.unwrap().unwrap()
}

/// The retention of an old version in the suite.
pub(crate) const KEPT: i64 = 100;

/// Runs the jobs until nothing is left to do, and returns the number of their rows.
pub(crate) async fn work(store: &dyn Store, now: i64) -> u64 {
    let fence = store
        .claim(Work::Jobs, &[1; 16].into(), LEASE)
        .await
        .unwrap()
        .unwrap();
    let mut rows = 0;
    loop {
        let swept = store
            .sweep_chunks(fence, at(now), 10)
            .await
            .unwrap()
            .unwrap();
        let advanced = store
            .advance_deletions(fence, at(now), 10)
            .await
            .unwrap()
            .unwrap();
        let moved = store
            .advance_moves(fence, at(now), at(now + KEPT), 10)
            .await;
        let moved = moved.unwrap().unwrap();
        let left = store
            .sweep_moves(fence, at(now), 10)
            .await
            .unwrap()
            .unwrap();
        assert!(swept.rows <= 11 && advanced.rows <= 10, "steps are small");
        assert!(moved.rows <= 11 && left.rows <= 10, "steps are small");
        let step = swept.rows + advanced.rows + moved.rows + left.rows;
        rows += step;
        if step == 0 {
            return rows;
        }
    }
}

/// A lease longer than any test.
pub(crate) const LEASE: Duration = Duration::from_mins(1);
