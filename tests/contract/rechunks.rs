//! A rechunk is an upload whose bytes come from the store. A request starts one rechunk, which blocks no upload.

use sluice::application::commit_order::CommitTicket;
use sluice::application::ports::documents::Metadata;
use sluice::application::ports::operations::OperationKind;
use sluice::application::ports::rechunks::{NewRechunk, Started};
use sluice::application::ports::store::Store;
use sluice::application::ports::uploads::{self, NewUpload, Upload, UploadEnd, UploadSource};
use sluice::domain::chunking::spec::checked::Spec;
use sluice::domain::chunking::spec::partial::Partial;
use sluice::domain::ingest::checkpoint::ENGINE_VERSION;
use sluice::domain::ingest::digest;
use sluice::domain::ingest::preferences::Preferences;
use sluice::domain::names::resource::DocumentName;
use sluice::domain::operation::failure::FailureReason;
use sluice::domain::operation::state::State;
use sluice::domain::text::encoding::charset::Charset;
use sluice::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Policy};

use crate::world::{
    KEPT, at, attach, batches, caller, decoded, new_upload, reason, start, stranger, text, texts,
    upload, work,
};

fn new_rechunk(number: u8, document: &str) -> NewRechunk {
    NewRechunk {
        uid: [number; 16].into(),
        request_sha256: digest::sha256(format!("rechunk {document}").as_bytes()),
        document: DocumentName::parse(&format!("collections/c/documents/{document}")).unwrap(),
        chunking: Partial::default(),
        now: at(20),
    }
}

async fn ask(store: &dyn Store, number: u8, document: &str) -> Started {
    let new = new_rechunk(number, document);
    store.start_rechunk(&caller(), &new).await.unwrap()
}

pub(crate) async fn begun(store: &dyn Store, number: u8, document: &str) -> Upload {
    match ask(store, number, document).await {
        Started::Rechunk(rechunk) => *rechunk,
        other @ (Started::NotFound
        | Started::NoCurrentVersion
        | Started::UploadRunning
        | Started::Conflict(_)
        | Started::OtherRequest) => unreachable!("{other:?}"),
    }
}

/// Commits the batches of a rechunk, and ends it.
pub(crate) async fn finish(store: &dyn Store, rechunk: &Upload, text: &str, now: i64) {
    let mut writer = attach(store, &rechunk.uid).await;
    let (batches, summary) = batches(text);
    for batch in &batches {
        let committed = store
            .commit_batch(&writer, batch, &CommitTicket::first(), at(now))
            .await
            .unwrap();
        writer.committed_offset = committed.unwrap().committed_bytes;
    }
    let end = UploadEnd::Succeeded(summary);
    let ended = store
        .end_upload(&writer, end, at(now), at(now + KEPT))
        .await;
    assert_eq!(ended.unwrap().unwrap().kind, OperationKind::RechunkDocument);
}

pub(crate) async fn a_rechunk_is_started_once(store: &dyn Store) {
    assert_eq!(ask(store, 9, "d").await, Started::NotFound);
    let first = start(store, &new_upload(1, "d")).await;
    assert_eq!(ask(store, 9, "d").await, Started::NoCurrentVersion);
    store
        .cancel_upload(&caller(), &first.uid, at(5))
        .await
        .unwrap();
    let source = upload(store, 2, "d", "some text", 10).await;
    upload(store, 3, "e", "other", 10).await;
    let foreign = store.start_rechunk(&stranger(), &new_rechunk(9, "d")).await;
    assert_eq!(foreign.unwrap(), Started::NotFound);

    let rechunk = begun(store, 9, "d").await;
    assert_eq!(
        (rechunk.version, rechunk.source.clone(), rechunk.state),
        (
            source.version + 1,
            UploadSource::Rechunk {
                source_version: source.version
            },
            State::Running
        )
    );
    assert_eq!(rechunk.metadata, Metadata::default(), "it sets none");
    assert_eq!(rechunk.labels, source.labels);
    let decoding = rechunk.decoding;
    assert_eq!(decoding, Decoding::default(), "as the source was decoded");
    assert_eq!(begun(store, 9, "d").await, rechunk, "the same request");
    assert_eq!(ask(store, 9, "e").await, Started::OtherRequest);
    assert_eq!(ask(store, 2, "d").await, Started::OtherRequest, "an upload");
    let taken = store.start_upload(&caller(), &new_upload(9, "d")).await;
    assert!(matches!(taken.unwrap(), uploads::Started::OtherRequest));

    let operation = store.operation(&caller(), &rechunk.uid).await.unwrap();
    assert_eq!(operation, Some(rechunk.operation()));
    assert_eq!(rechunk.operation().kind, OperationKind::RechunkDocument);
    assert_eq!(source.operation().kind, OperationKind::Upload);
}

pub(crate) async fn a_rechunk_blocks_no_upload(store: &dyn Store) {
    upload(store, 1, "d", "some text", 10).await;
    let open = start(store, &new_upload(2, "d")).await;
    assert_eq!(ask(store, 9, "d").await, Started::UploadRunning);
    let kept = store.upload(&caller(), &open.uid).await.unwrap().unwrap();
    assert_eq!(kept.state, State::Running);
    store
        .cancel_upload(&caller(), &open.uid, at(5))
        .await
        .unwrap();
    let rechunk = begun(store, 9, "d").await;
    assert_eq!(ask(store, 8, "d").await, Started::UploadRunning);
    let new = new_upload(3, "d");
    let started = store.start_upload(&caller(), &new).await.unwrap();
    let uploads::Started::Upload(_, superseded) = started else {
        unreachable!("the collection is there")
    };
    assert_eq!(superseded[0].uid, rechunk.uid);
    assert_eq!(superseded[0].kind, OperationKind::RechunkDocument);
    assert_eq!(
        reason(&superseded[0]),
        Some(FailureReason::UploadSuperseded)
    );
}

pub(crate) async fn running_rechunks_are_listed_the_oldest_first(store: &dyn Store) {
    for (number, document) in [(1, "a"), (2, "b"), (3, "c")] {
        upload(store, number, document, "some text", 10).await;
    }
    start(store, &new_upload(4, "d")).await;
    for (number, document, now) in [(11, "a", 30), (12, "b", 20), (13, "c", 40)] {
        let new = NewRechunk {
            now: at(now),
            ..new_rechunk(number, document)
        };
        store.start_rechunk(&caller(), &new).await.unwrap();
    }
    let listed = async |rows| {
        let list = store.running_rechunks(rows).await.unwrap();
        list.iter()
            .map(|rechunk| rechunk.uid.bytes()[0])
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(10).await, [12, 11, 13]);
    assert_eq!(listed(2).await, [12, 11]);
    store
        .cancel_upload(&caller(), &[12; 16].into(), at(50))
        .await
        .unwrap();
    let second = store
        .upload(&caller(), &[11; 16].into())
        .await
        .unwrap()
        .unwrap();
    finish(store, &second, "some text", 50).await;
    assert_eq!(listed(10).await, [13]);
}

pub(crate) async fn the_source_of_a_rechunk_is_retained_until_it_ends(store: &dyn Store) {
    let source = upload(store, 1, "d", &text(), 10).await;
    let cancelled = begun(store, 8, "d").await;
    let late = 20 + 10 * KEPT;
    assert_eq!(work(store, late).await, 0);
    store
        .cancel_upload(&caller(), &cancelled.uid, at(21))
        .await
        .unwrap();
    assert_eq!(
        work(store, late).await,
        1,
        "only the version of the rechunk is swept"
    );
    let rechunk = begun(store, 9, "d").await;
    assert_eq!(work(store, late).await, 0);
    assert_eq!(texts(store, &caller(), &source).await.concat(), text());
    finish(store, &rechunk, &text(), 30).await;
    assert_eq!(
        work(store, 30 + KEPT - 1).await,
        0,
        "nothing is swept before its time"
    );
    assert!(work(store, 30 + KEPT).await > 1);
    assert!(texts(store, &caller(), &source).await.is_empty());
    assert_eq!(texts(store, &caller(), &rechunk).await.concat(), text());
}

pub(crate) async fn a_rechunk_is_decoded_as_its_source_was(store: &dyn Store) {
    let (keep, drop) = (ByteOrderMark::Keep, ByteOrderMark::Drop);
    let cases: [(u8, &str, ByteOrderMark, &[u8], ByteOrderMark); 5] = [
        (1, "utf-8", drop, b"\xEF\xBB\xBFtext", drop),
        (2, "utf-8", keep, b"\xEF\xBB\xBFtext", keep),
        (3, "utf-8", drop, b"\xEF\xBB\xBF\xEF\xBB\xBFtext", drop),
        (4, "utf-16le", keep, b"\xFF\xFEt\0", keep),
        (5, "koi8-r", keep, b"\xC1", drop),
    ];
    for (number, label, byte_order_mark, source, expected) in cases {
        let document = format!("d{number}");
        let upload = start(store, &new_upload(number, &document)).await;
        let mut writer = attach(store, &upload.uid).await;
        let charset = Charset::from_label(label).unwrap();
        let decoding = Decoding {
            charset: Some(charset),
            byte_order_mark,
            ..Decoding::default()
        };
        let (batches, summary) = decoded(source, decoding);
        let committed = store
            .commit_batch(&writer, &batches[0], &CommitTicket::first(), at(3))
            .await
            .unwrap();
        writer.committed_offset = committed.unwrap().committed_bytes;
        let end = UploadEnd::Succeeded(summary);
        store
            .end_upload(&writer, end, at(4), at(4))
            .await
            .unwrap()
            .unwrap();
        let current = store.document(&caller(), &upload.document).await.unwrap();
        assert_eq!(current.unwrap().current.unwrap().charset, charset);
        let rechunk = begun(store, 100 + number, &document).await;
        let decoding = rechunk.decoding;
        assert_eq!(decoding.charset, Some(charset), "{number}");
        assert_eq!(decoding.byte_order_mark, expected, "{number}");
    }
}

pub(crate) async fn a_rechunk_keeps_the_policy_of_its_source(store: &dyn Store) {
    let said = Decoding {
        charset: None,
        invalid: Policy::Replace,
        ..Decoding::default()
    };
    let new = NewUpload {
        preferences: Preferences {
            chunking: Partial::default(),
            decoding: said.into(),
        },
        ..new_upload(1, "d")
    };
    let source = start(store, &new).await;
    let mut writer = attach(store, &source.uid).await;
    let (batches, summary) = batches("some text");
    let committed = store
        .commit_batch(&writer, &batches[0], &CommitTicket::first(), at(3))
        .await
        .unwrap();
    writer.committed_offset = committed.unwrap().committed_bytes;
    let end = UploadEnd::Succeeded(summary);
    store
        .end_upload(&writer, end, at(4), at(4))
        .await
        .unwrap()
        .unwrap();
    let current = async || {
        let found = store.document(&caller(), &source.document).await.unwrap();
        found.unwrap().current.unwrap()
    };
    let before = current().await;
    assert_eq!((before.decoding, before.spec), (said, Spec::default()));
    assert_eq!(before.engine_version, u64::from(ENGINE_VERSION));
    let smaller = NewRechunk {
        chunking: Partial {
            max_size: Some(400),
            ..Partial::default()
        },
        ..new_rechunk(9, "d")
    };
    let started = store.start_rechunk(&caller(), &smaller).await.unwrap();
    let Started::Rechunk(rechunk) = started else {
        unreachable!("{started:?}");
    };
    let decoding = rechunk.decoding;
    assert_eq!(decoding, Decoding::default(), "as the source was decoded");
    finish(store, &rechunk, "some text", 5).await;
    let after = current().await;
    assert_eq!((after.version, after.decoding), (2, said));
    assert_eq!(after.spec.limits().max_size(), 400);
    assert_eq!(after.engine_version, u64::from(ENGINE_VERSION));
}

/// Calls `expose`, which makes the first version of every document due for sweeping.
pub(crate) async fn the_source_of_a_rechunk_is_pinned(
    store: &dyn Store,
    expose: impl AsyncFnOnce(),
) {
    let source = upload(store, 1, "d", &text(), 10).await;
    let rechunk = begun(store, 9, "d").await;
    expose().await;
    assert_eq!(work(store, 50).await, 0);
    assert_eq!(texts(store, &caller(), &source).await.concat(), text());
    store
        .cancel_upload(&caller(), &rechunk.uid, at(60))
        .await
        .unwrap();
    assert!(work(store, 70).await > 100);
    assert!(texts(store, &caller(), &source).await.is_empty());
}
