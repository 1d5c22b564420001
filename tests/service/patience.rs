//! Timeouts and minimum rates of clients, limits of content, and the delay until an end is reported.

use std::io::Write;
use std::time::{Duration, Instant};

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;
use sluice::interface::grpc::pb::operation_service_client::OperationServiceClient;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

use crate::support::world::{
    World, expected, first, labels, last, metadata, more, name_of, plain, prose, reason, spec,
    whole,
};

/// An open upload stream, and its answer.
struct Open {
    messages: mpsc::Sender<pb::UploadDocumentRequest>,
    answer: tokio::task::JoinHandle<Result<(), Status>>,
}

impl Open {
    async fn new(world: &World, begin: pb::UploadDocumentRequest) -> Self {
        let (messages, receiver) = mpsc::channel(1);
        let mut client = world.uploads();
        let stream = ReceiverStream::new(receiver);
        let answer = tokio::spawn(async move { client.upload_document(stream).await.map(|_| ()) });
        messages.send(begin).await.unwrap();
        Self { messages, answer }
    }

    async fn told(self) -> Status {
        self.answer.await.unwrap().unwrap_err()
    }
}

#[tokio::test]
async fn a_silent_client_is_disconnected_and_an_empty_message_prevents_it() {
    let world = World::start_with(|config| config.uploads.idle_seconds_max = 2).await;
    let spec = spec("d");
    let text = prose(50_000);
    let open = Open::new(&world, first(&spec, text.as_bytes())).await;
    let end = i64::try_from(text.len()).unwrap();
    // In total longer than a client may stay silent.
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        open.messages.send(more(end, b"")).await.unwrap();
    }
    let told = open.told().await;
    assert_eq!(
        (told.code(), reason(&told).as_str()),
        (Code::DeadlineExceeded, "UPLOAD_IDLE")
    );
    let upload = world.get_upload(&name_of(&spec)).await.unwrap();
    assert!(
        upload.state == 1 && upload.committed_offset > 0,
        "the upload can be resumed"
    );
    let silent = mpsc::channel::<pb::UploadDocumentRequest>(1);
    let told = world
        .uploads()
        .upload_document(ReceiverStream::new(silent.1))
        .await;
    assert_eq!(
        reason(&told.unwrap_err()),
        "UPLOAD_IDLE",
        "the limit applies before the first message too"
    );
}

#[tokio::test]
async fn an_upload_below_the_minimum_rate_is_ended() {
    let world = World::start_with(|config| config.uploads.rate_window_seconds = 1).await;
    let spec = spec("d");
    let open = Open::new(&world, first(&spec, b"0")).await;
    for at in 1..100 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if open.messages.send(more(at, b"1")).await.is_err() {
            break;
        }
    }
    let told = open.told().await;
    assert_eq!(
        (told.code(), reason(&told).as_str()),
        (Code::DeadlineExceeded, "UPLOAD_TOO_SLOW")
    );
    assert_eq!(metadata(&told, "bytes_min"), "16384");
    assert_eq!(world.get_upload(&name_of(&spec)).await.unwrap().state, 1);
}

#[tokio::test]
async fn a_source_that_is_too_large_is_refused_when_declared_or_detected() {
    let world = World::start_with(|config| config.uploads.source_bytes_max = 1_000).await;
    let said = pb::UploadDocumentRequest {
        total_size: Some(1_001),
        ..first(&spec("said"), b"text")
    };
    let told = world.send(vec![said]).await.unwrap_err();
    assert_eq!(
        (told.code(), metadata(&told, "field").as_str()),
        (Code::InvalidArgument, "total_size")
    );
    let seen = spec("seen");
    let told = world
        .send(whole(&seen, &[b'a'; 1_001], 600))
        .await
        .unwrap_err();
    assert_eq!(
        (told.code(), reason(&told).as_str()),
        (Code::OutOfRange, "SOURCE_TOO_LARGE")
    );
    assert_eq!(metadata(&told, "max_size"), "1000");
    assert_eq!(world.get_upload(&name_of(&seen)).await.unwrap().state, 3);
    world
        .send(whole(&spec("fits"), &[b'a'; 1_000], 600))
        .await
        .unwrap();
    let more_than_said = pb::UploadDocumentRequest {
        total_size: Some(3),
        ..first(&spec("more"), b"text")
    };
    let told = world.send(vec![more_than_said]).await.unwrap_err();
    assert_eq!(
        reason(&told),
        "SIZE_MISMATCH",
        "the content is refused before the end of the stream"
    );
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn compressed_content_counts_by_its_decompressed_size() {
    let world = World::start().await;
    let text = prose(300_000);
    let kinds = [
        (pb::Compression::Gzip, gzip as fn(&[u8]) -> Vec<u8>),
        (pb::Compression::Zstd, |content| {
            zstd::bulk::compress(content, 1).unwrap()
        }),
    ];
    for (kind, compress) in kinds {
        let spec = spec(kind.as_str_name());
        let messages = whole(&spec, text.as_bytes(), 100_000)
            .into_iter()
            .map(|message| {
                let content = message.content.clone();
                pb::UploadDocumentRequest {
                    crc32c: Some(crc32c::crc32c(&content)),
                    content: compress(&content).into(),
                    compression: kind.into(),
                    ..message
                }
            });
        let upload = world.send(messages.collect()).await.unwrap();
        assert_eq!(upload.committed_offset, i64::try_from(text.len()).unwrap());
        assert_eq!(
            plain(&world.rows(&upload.document).await.unwrap()),
            expected(&text)
        );
        let bomb = pb::UploadDocumentRequest {
            compression: kind.into(),
            ..first(&spec, &compress(&vec![0; 50_000_000]))
        };
        let told = world.send(vec![bomb]).await.unwrap_err();
        assert_eq!(reason(&told), "MESSAGE_TOO_LARGE");
    }
}

/// The client is notified at once, not at its next commit.
#[tokio::test]
async fn a_cancelled_upload_stops_while_its_client_is_silent() {
    let world = World::start().await;
    let spec = spec("d");
    let open = Open::new(&world, first(&spec, prose(50_000).as_bytes())).await;
    while world.get_upload(&name_of(&spec)).await.is_err() {
        tokio::task::yield_now().await;
    }
    let name = name_of(&spec).replace("uploads", "operations");
    let mut client = OperationServiceClient::new(world.channel.clone());
    let request = pb::CancelOperationRequest { name };
    let cancelled = client.cancel_operation(request.clone()).await.unwrap();
    assert_eq!(cancelled.into_inner().operation.unwrap().state, 4);
    let told = open.told().await;
    assert_eq!(
        (told.code(), reason(&told).as_str()),
        (Code::FailedPrecondition, "UPLOAD_ENDED")
    );
    let again = client.cancel_operation(request).await.unwrap_err();
    assert_eq!(reason(&again), "UPLOAD_ENDED");
}

/// A6: a watcher receives at most four states a second besides the last, and at least one in each second.
#[tokio::test]
async fn states_arrive_steadily_during_commits() {
    let world = World::start().await;
    let spec = spec("d");
    let open = Open::new(&world, first(&spec, b"")).await;
    while world.get_upload(&name_of(&spec)).await.is_err() {
        tokio::task::yield_now().await;
    }
    let name = name_of(&spec).replace("uploads", "operations");
    let mut client = OperationServiceClient::new(world.channel.clone());
    let request = pb::WatchOperationRequest { name, after_seq: 0 };
    let mut states = client.watch_operation(request).await.unwrap().into_inner();
    let begun = Instant::now();
    let watcher = tokio::spawn(async move {
        let mut seconds = Vec::new();
        while states.message().await.unwrap().is_some() {
            seconds.push(begun.elapsed().as_secs());
        }
        (seconds, begun.elapsed())
    });
    let mut offset = 0;
    while begun.elapsed() < Duration::from_secs(4) {
        let content = prose(20_000);
        open.messages
            .send(more(offset, content.as_bytes()))
            .await
            .unwrap();
        offset += i64::try_from(content.len()).unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    open.messages.send(last(more(offset, b""))).await.unwrap();
    let (seconds, lasted) = watcher.await.unwrap();
    let most = 4 * (lasted.as_secs() + 1) + 1;
    assert!(seconds.len() as u64 <= most, "{seconds:?}");
    assert!(
        (0..4).all(|second| seconds.contains(&second)),
        "{seconds:?}"
    );
}

/// The labels and the display name of a document change together with its content, not before.
#[tokio::test]
async fn a_new_version_brings_its_labels_when_it_is_complete() {
    let world = World::start().await;
    let labelled = |value: &str| pb::UploadSpec {
        labels: Some(labels(&[("k", value)])),
        display_name: value.to_owned(),
        ..spec("d")
    };
    let (old, new) = (labelled("old"), labelled("new"));
    world.send(whole(&old, b"old text", 100)).await.unwrap();
    world.send(vec![first(&new, b"new text")]).await.unwrap();
    let said = async || {
        let name = "collections/c/documents/d".to_owned();
        let request = pb::GetDocumentRequest { name: name.clone() };
        let mut client = DocumentServiceClient::new(world.channel.clone());
        let found = client.get_document(request).await.unwrap().into_inner();
        let document = found.document.unwrap();
        let chunk = world.rows(&name).await.unwrap().remove(0);
        assert_eq!(
            (&chunk.labels, chunk.text.split(' ').next()),
            (&document.labels, Some(document.display_name.as_str()))
        );
        document.display_name
    };
    assert_eq!(said().await, "old");
    world
        .send(vec![last(first(&new, b"new text"))])
        .await
        .unwrap();
    assert_eq!(said().await, "new");
}

/// A steady flow of messages does not delay the commits.
#[tokio::test]
async fn decided_chunks_are_committed_while_messages_keep_arriving() {
    let world = World::start().await;
    let spec = spec("d");
    let open = Open::new(&world, first(&spec, b"")).await;
    let (text, mut offset) = (prose(300_000), 0);
    let mut committed = 0;
    for content in text.as_bytes().chunks(5_000) {
        let message = more(i64::try_from(offset).unwrap(), content);
        open.messages.send(message).await.unwrap();
        offset += content.len();
        tokio::time::sleep(Duration::from_millis(50)).await;
        let upload = world.get_upload(&name_of(&spec)).await;
        committed = upload.map_or(0, |upload| upload.committed_offset);
        if committed > 0 {
            break;
        }
    }
    assert!(
        committed > 0,
        "{offset} bytes were sent, but none is committed"
    );
}

/// Fields that an upload leaves unset come from its collection.
#[tokio::test]
async fn an_upload_inherits_unset_fields_from_its_collection() {
    let world = World::start().await;
    let mut client = CollectionServiceClient::new(world.channel.clone());
    let lenient = pb::CreateCollectionRequest {
        collection_id: "lenient".to_owned(),
        chunking: Some(pb::ChunkingSpec {
            max_size: Some(100),
            ..Default::default()
        }),
        decoding: Some(pb::DecodingPolicy {
            invalid: Some(2),
            ..Default::default()
        }),
        ..Default::default()
    };
    client.create_collection(lenient).await.unwrap();
    let lenient = |id: &str| pb::UploadSpec {
        collection: "collections/lenient".to_owned(),
        ..spec(id)
    };
    let source = [prose(1_000).as_bytes(), b"\xFF"].concat();
    let larger = pb::UploadSpec {
        chunking: Some(pb::ChunkingSpec {
            max_size: Some(1_000),
            ..Default::default()
        }),
        ..lenient("larger")
    };
    let upload = world.send(whole(&larger, &source, 500)).await.unwrap();
    assert!(upload.chunks <= 2, "the upload's own sizes apply");
    let strict = pb::UploadSpec {
        decoding: Some(pb::DecodingPolicy {
            invalid: Some(1),
            ..Default::default()
        }),
        ..lenient("strict")
    };
    let told = world.send(whole(&strict, &source, 500)).await.unwrap_err();
    assert_eq!(
        reason(&told),
        "INVALID_CONTENT",
        "the upload's own policy applies"
    );
    let upload = world.send(whole(&lenient("all"), &source, 500)).await;
    assert!(
        upload.unwrap().chunks > 9,
        "all fields come from the collection"
    );
}
