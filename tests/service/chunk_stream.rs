//! Chunking without a store: bytes in, chunks out, on one stream.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunking_service_client::ChunkingServiceClient;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::support::server::Server;
use crate::support::world::{Folder, World, cycled, metadata, prose, reason};

/// The bytes of a message: enough for several chunks.
pub(crate) const PIECE: usize = 100_000;

pub(crate) fn piece(content: &[u8], finish_write: bool) -> pb::ChunkStreamRequest {
    pb::ChunkStreamRequest {
        content: content.to_vec().into(),
        crc32c: Some(crc32c::crc32c(content)),
        finish_write,
        ..Default::default()
    }
}

/// Sends `bytes` bytes of a repeated block, as fast as the receiver takes them. `sent` counts them.
pub(crate) fn pour(
    block: String,
    bytes: usize,
    sent: Arc<AtomicUsize>,
) -> ReceiverStream<pb::ChunkStreamRequest> {
    let (pieces, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        for at in (0..bytes).step_by(PIECE) {
            let end = (at + PIECE).min(bytes);
            let content = cycled(block.as_bytes(), at, end);
            // The receiver is gone: the test has ended.
            if pieces.send(piece(&content, end == bytes)).await.is_err() {
                return;
            }
            sent.store(end, Ordering::Relaxed);
        }
    });
    ReceiverStream::new(receiver)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_megabytes_are_chunked_while_they_arrive() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("stream.db"));
    let (block, bytes) = (prose(1_000_000), 100_000_000);
    let sent = Arc::new(AtomicUsize::new(0));
    let mut client = ChunkingServiceClient::new(server.channel());
    let mut answers = client
        .chunk_stream(pour(block.clone(), bytes, Arc::clone(&sent)))
        .await
        .unwrap()
        .into_inner();
    let (mut chunks, mut covered, mut summary) = (0, 0, None);
    let mut sent_before_first = None;
    while let Some(answer) = answers.message().await.unwrap() {
        sent_before_first.get_or_insert_with(|| sent.load(Ordering::Relaxed));
        for chunk in answer.chunks {
            let end = covered + chunk.text.len();
            assert_eq!(
                (chunk.ordinal, chunk.start.unwrap().byte),
                (chunks, i64::try_from(covered).unwrap())
            );
            assert!(chunk.text.as_bytes() == cycled(block.as_bytes(), covered, end));
            (chunks, covered) = (chunks + 1, end);
        }
        summary = answer.summary.or(summary);
    }
    let summary = summary.unwrap();
    assert_eq!((summary.chunks, covered), (chunks, bytes));
    let early = sent_before_first.unwrap();
    assert!(
        early < bytes / 2,
        "{early} bytes were sent before the first chunk"
    );
    let peak_kib = server.peak_kib();
    assert!(peak_kib < 60_000, "{peak_kib} KiB");
}

/// The first response arrives before the client sends the end of the source.
#[tokio::test]
async fn the_first_chunk_arrives_before_the_last_byte_is_sent() {
    let world = World::start().await;
    let (pieces, receiver) = mpsc::channel(1);
    let mut client = ChunkingServiceClient::new(world.channel.clone());
    let text = prose(100_000);
    pieces.send(piece(text.as_bytes(), false)).await.unwrap();
    let mut answers = client
        .chunk_stream(ReceiverStream::new(receiver))
        .await
        .unwrap()
        .into_inner();
    let early = answers.message().await.unwrap().unwrap();
    assert!(early.chunks.len() > 50 && early.summary.is_none());
    pieces.send(piece(b"the end", true)).await.unwrap();
    let mut said = early
        .chunks
        .iter()
        .map(|c| c.text.as_str())
        .collect::<String>();
    while let Some(answer) = answers.message().await.unwrap() {
        said.extend(answer.chunks.iter().map(|chunk| chunk.text.as_str()));
    }
    assert_eq!(said, text + "the end");
}

#[tokio::test]
async fn faults_of_a_stream_are_reported_with_their_reasons() {
    let world = World::start().await;
    let told = async |pieces: Vec<pb::ChunkStreamRequest>| {
        let mut client = ChunkingServiceClient::new(world.channel.clone());
        let mut answers = client
            .chunk_stream(tokio_stream::iter(pieces))
            .await?
            .into_inner();
        while answers.message().await?.is_some() {}
        Ok::<_, Status>(())
    };
    let field = async |pieces| metadata(&told(pieces).await.unwrap_err(), "field");
    assert_eq!(field(vec![piece(b"text", false)]).await, "finish_write");
    let specified = |max_size| pb::ChunkStreamRequest {
        spec: Some(pb::ChunkStreamSpec {
            chunking: Some(pb::ChunkingSpec {
                max_size: Some(max_size),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..piece(b"text", false)
    };
    assert_eq!(field(vec![specified(0)]).await, "chunking.max_size");
    assert_eq!(field(vec![specified(9), specified(9)]).await, "spec");
    let damaged = pb::ChunkStreamRequest {
        crc32c: Some(7),
        ..piece(b"text", true)
    };
    for (pieces, expected) in [
        (vec![damaged], "CONTENT_CHECKSUM_MISMATCH"),
        (vec![piece(b"%PDF-1.7", true)], "UNSUPPORTED_CONTENT"),
        (
            vec![piece(b"%", false), piece(b"PDF-1.7\n", true)],
            "UNSUPPORTED_CONTENT",
        ),
        (vec![piece(b"text\xFF", true)], "INVALID_CONTENT"),
        (vec![piece(&[b'a'; 262_145], true)], "MESSAGE_TOO_LARGE"),
    ] {
        assert_eq!(reason(&told(pieces).await.unwrap_err()), expected);
    }
    told(vec![piece(b"", true)]).await.unwrap();
}

/// Methods that do not store content refuse binary content as well.
#[tokio::test]
async fn binary_content_is_refused_by_every_method_that_takes_content() {
    let world = World::start().await;
    let mut client = ChunkingServiceClient::new(world.channel.clone());
    let content = || b"SQLite format 3\0\x10\0 and its pages".to_vec().into();
    let decoding = Some(pb::DecodingPolicy {
        charset: Some("latin1".to_owned()),
        nul: Some(pb::FaultPolicy::Replace.into()),
        ..Default::default()
    });
    let preview = client.preview(pb::PreviewRequest {
        content: content(),
        decoding: decoding.clone(),
        ..Default::default()
    });
    let previewed = preview.await.unwrap_err();
    let compare = client.compare_strategies(pb::CompareStrategiesRequest {
        content: content(),
        decoding: decoding.clone(),
        ..Default::default()
    });
    let compared = compare.await.unwrap_err();
    let recommend = client.recommend_strategy(pb::RecommendStrategyRequest {
        content: content(),
        decoding,
        ..Default::default()
    });
    let recommended = recommend.await.unwrap_err();
    for refused in [previewed, compared, recommended] {
        assert_eq!(reason(&refused), "UNSUPPORTED_CONTENT");
        assert_eq!(metadata(&refused, "sniffed"), "a SQLite database");
    }
}
