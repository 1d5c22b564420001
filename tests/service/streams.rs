//! Streams in both directions: uploads that are answered while they arrive.

use std::sync::Arc;
use std::time::Duration;

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunking_service_client::ChunkingServiceClient;
use sluice::interface::grpc::pb::stream_document_response::Event;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use crate::chunk_stream::{PIECE, pour};
use crate::support::server::Server;
use crate::support::world::{
    Folder, World, create_collection, expected, first, last, metadata, more, name_of, plain, prose,
    reason, resumed, spec,
};

const SUCCEEDED: i32 = 2;

/// Opens a stream, and sends all its messages.
async fn open(
    world: &World,
    messages: impl IntoIterator<Item = pb::StreamDocumentRequest, IntoIter: Send + 'static>,
) -> Streaming<pb::StreamDocumentResponse> {
    let messages = tokio_stream::iter(messages);
    let opened = world.uploads().stream_document(messages).await;
    opened.unwrap().into_inner()
}

fn written(write: pb::UploadDocumentRequest) -> pb::StreamDocumentRequest {
    pb::StreamDocumentRequest {
        write: Some(write),
        chunks: true,
        ..Default::default()
    }
}

/// The answers of a stream.
#[derive(Default)]
struct Heard {
    acks: Vec<pb::Ack>,
    chunks: Vec<pb::Chunk>,
    upload: Option<pb::Upload>,
}

impl Heard {
    /// Reads answers until a condition holds or the stream ends.
    async fn listen(
        &mut self,
        events: &mut Streaming<pb::StreamDocumentResponse>,
        until: impl Fn(&Self) -> bool,
    ) -> Result<(), Status> {
        while !until(self) {
            let Some(response) = events.message().await? else {
                break;
            };
            assert!(self.upload.is_none(), "the upload is the last answer");
            match response.event.unwrap() {
                Event::Ack(ack) => self.acks.push(ack),
                Event::Page(page) => self.chunks.extend(page.chunks),
                Event::Upload(upload) => self.upload = Some(upload),
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn acks_and_chunks_arrive_while_the_document_is_sent() {
    let world = World::start().await;
    let (spec, text) = (spec("d"), prose(600_000));
    let (messages, receiver) = mpsc::channel(1);
    let mut events = world
        .uploads()
        .stream_document(ReceiverStream::new(receiver))
        .await
        .unwrap()
        .into_inner();
    let mut heard = Heard::default();
    messages.send(written(first(&spec, b""))).await.unwrap();
    for (number, content) in text.as_bytes().chunks(PIECE).enumerate() {
        let offset = i64::try_from(number * PIECE).unwrap();
        messages.send(written(more(offset, content))).await.unwrap();
        // The next piece is sent only after chunks of this piece have arrived.
        let known = heard.chunks.len();
        heard
            .listen(&mut events, |heard| heard.chunks.len() > known)
            .await
            .unwrap();
    }
    let end = i64::try_from(text.len()).unwrap();
    messages.send(written(last(more(end, b"")))).await.unwrap();
    drop(messages);
    heard.listen(&mut events, |_| false).await.unwrap();
    assert_eq!(plain(&heard.chunks), expected(&text));
    let upload = heard.upload.unwrap();
    assert_eq!((upload.state, upload.committed_offset), (SUCCEEDED, end));
    let offsets = heard.acks.iter().map(|ack| ack.committed_offset);
    assert!(offsets.is_sorted() && heard.acks.len() >= 3);
}

#[tokio::test]
async fn a_flush_commits_and_a_look_up_answers() {
    let world = World::start().await;
    let (spec, text) = (spec("d"), prose(20_000));
    let (messages, receiver) = mpsc::channel(1);
    let mut client = world.uploads();
    let stream = ReceiverStream::new(receiver);
    let opened = tokio::spawn(async move { client.stream_document(stream).await });
    let begun = pb::StreamDocumentRequest {
        write: Some(first(&spec, text.as_bytes())),
        flush: true,
        look_up: true,
        ..Default::default()
    };
    messages.send(begun).await.unwrap();
    let mut events = opened.await.unwrap().unwrap().into_inner();
    let mut heard = Heard::default();
    let is_acked = |heard: &Heard| heard.acks.iter().any(|ack| ack.chunks > 0);
    heard.listen(&mut events, is_acked).await.unwrap();
    let committed = world.get_upload(&name_of(&spec)).await.unwrap();
    let ack = heard.acks.last().unwrap();
    assert_eq!(ack.committed_offset, committed.committed_offset);
    assert!(committed.committed_offset > 10_000 && heard.chunks.is_empty());

    // A look-up is answered even without a change.
    let acks = heard.acks.len();
    let look_up = pb::StreamDocumentRequest {
        look_up: true,
        ..Default::default()
    };
    messages.send(look_up).await.unwrap();
    heard
        .listen(&mut events, |heard| heard.acks.len() > acks)
        .await
        .unwrap();
    drop(messages);
    heard.listen(&mut events, |_| false).await.unwrap();
    assert_eq!(
        heard.upload.unwrap().state,
        1,
        "only finish_write completes an upload"
    );
}

#[tokio::test]
async fn a_resumed_stream_sends_the_missing_chunks() {
    let world = World::start().await;
    let (spec, text) = (spec("d"), prose(400_000));
    let half = &text.as_bytes()[..200_000];
    let mut events = open(&world, [written(first(&spec, half))]).await;
    let mut heard = Heard::default();
    heard.listen(&mut events, |_| false).await.unwrap();
    let half = heard.upload.take().unwrap();
    assert_eq!(half.chunks, i64::try_from(heard.chunks.len()).unwrap());

    // The client has lost the second half of the chunks.
    heard.chunks.truncate(heard.chunks.len() / 2);
    let from = usize::try_from(half.committed_offset).unwrap();
    let rest = &text.as_bytes()[from..];
    let rest = last(resumed(&half.name, half.committed_offset, rest));
    let rest = pb::StreamDocumentRequest {
        after_ordinal: Some(heard.chunks.last().unwrap().ordinal),
        ..written(rest)
    };
    let mut events = open(&world, [rest]).await;
    heard.listen(&mut events, |_| false).await.unwrap();
    assert_eq!(plain(&heard.chunks), expected(&text));
    assert_eq!(heard.upload.unwrap().state, SUCCEEDED);
}

#[tokio::test]
async fn an_error_of_an_upload_ends_its_stream() {
    let world = World::start().await;
    let gap = [written(first(&spec("d"), b"text")), written(more(5, b"x"))];
    let mut events = open(&world, gap).await;
    let mut heard = Heard::default();
    let refused = heard.listen(&mut events, |_| false).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::OutOfRange, "UPLOAD_OFFSET_MISMATCH")
    );
    assert_eq!(metadata(&refused, "expected_offset"), "4");
}

/// Reads the remaining answers of a stream, and returns its final status.
async fn verdict<T>(mut answers: Streaming<T>) -> Status {
    loop {
        match answers.message().await {
            Ok(Some(_)) => {}
            Ok(None) => return Status::ok(""),
            Err(status) => return status,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_is_disconnected_and_uses_little_memory() {
    let folder = Folder::new();
    let settings = [("SLUICE_UPLOADS__SLOW_READER_SECONDS_MAX", "2")];
    let server = Server::start_with(folder.0.join("slow.db"), &settings);
    let channel = server.channel();
    create_collection(&channel).await;
    let block = prose(1_000_000);
    let mut client = ChunkingServiceClient::new(channel.clone());
    let answers = client
        .chunk_stream(pour(block.clone(), 200_000_000, Arc::default()))
        .await;
    let answers = answers.unwrap().into_inner();

    let upload = spec("d");
    let begin = first(&upload, b"");
    let source = block.repeat(30);
    let body = source.clone().into_bytes();
    let pieces = (0..body.len()).step_by(PIECE).map(move |at| {
        let end = (at + PIECE).min(body.len());
        written(more(i64::try_from(at).unwrap(), &body[at..end]))
    });
    let messages = tokio_stream::iter(std::iter::once(written(begin)).chain(pieces));
    let mut uploads = UploadServiceClient::new(channel.clone());
    let events = uploads
        .stream_document(messages)
        .await
        .unwrap()
        .into_inner();
    tokio::time::sleep(Duration::from_secs(4)).await;

    let (cut, streamed) = (verdict(answers).await, verdict(events).await);
    for told in [cut, streamed] {
        assert_eq!(
            (told.code(), reason(&told).as_str()),
            (Code::Aborted, "SLOW_READER")
        );
    }
    let name = name_of(&upload);
    let found = uploads
        .get_upload(pb::GetUploadRequest { name: name.clone() })
        .await;
    let open = found.unwrap().into_inner().upload.unwrap();
    let from = usize::try_from(open.committed_offset).unwrap();
    assert!(open.state == 1 && from > 0, "the upload can be resumed");
    let peak_kib = server.peak_kib();
    assert!(peak_kib < 60_000, "{peak_kib} KiB");
}

/// T12: a hundred clients that begin an upload and stall stay connected, and use little memory.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_stalled_uploads_stay_within_the_budget() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("stalled.db"));
    create_collection(&server.channel()).await;
    let text = prose(250_000);
    let stalled = (0..100).map(|number| {
        let (channel, text) = (server.channel(), text.clone());
        tokio::spawn(async move {
            let (messages, receiver) = mpsc::channel(8);
            let upload = spec(&format!("d{number}"));
            messages
                .send(first(&upload, text.as_bytes()))
                .await
                .unwrap();
            let mut client = UploadServiceClient::new(channel);
            let answer = client.upload_document(ReceiverStream::new(receiver));
            let told = tokio::time::timeout(Duration::from_secs(8), answer).await;
            drop(messages);
            told.ok()
        })
    });
    for upload in stalled.collect::<Vec<_>>() {
        let told = upload.await.unwrap();
        assert!(told.is_none(), "{told:?}");
    }
    let peak_kib = server.peak_kib();
    assert!(peak_kib < 100_000, "{peak_kib} KiB");
}
