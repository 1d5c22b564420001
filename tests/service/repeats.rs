//! A request id stands for one request: a repetition is compared with it, in fields and in content.

use sha2::{Digest, Sha256};
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;
use tonic::{Code, Status};

use crate::support::world::{
    Kept, World, expected, first, in_each_store, labels, last, metadata, more, name_of, plain,
    prose, reason, resumed, spec, whole,
};

const RUNNING: i32 = 1;
const SUCCEEDED: i32 = 2;

fn is_reused(refused: &Status, differs: &str) {
    assert_eq!(
        (refused.code(), reason(refused).as_str()),
        (Code::FailedPrecondition, "REQUEST_ID_REUSED"),
        "{refused}"
    );
    assert_eq!(metadata(refused, "differs"), differs, "{refused}");
    assert!(refused.message().contains("use another request id"));
}

fn declared(message: pb::UploadDocumentRequest, source: &[u8]) -> pb::UploadDocumentRequest {
    pb::UploadDocumentRequest {
        sha256: Some(Sha256::digest(source).to_vec().into()),
        total_size: Some(i64::try_from(source.len()).unwrap()),
        ..message
    }
}

async fn content_that_differs_is_refused_and_nothing_is_changed(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let (spec, text) = (spec("d"), prose(600_000));
    let source = text.as_bytes();
    let done = world.send(whole(&spec, source, 200_000)).await.unwrap();
    assert_eq!(
        world.send(whole(&spec, source, 70_000)).await.unwrap(),
        done
    );

    let longer = [source, b"two\n"].concat();
    let mut other = source.to_vec();
    other[300_000] ^= 1;
    let by_name = resumed(&name_of(&spec), 0, &source[..200_000]);
    let cases = [
        whole(&spec, &longer, 200_000),
        whole(&spec, &other, 200_000),
        whole(&spec, &source[..400_000], 200_000),
        vec![last(first(&spec, b""))],
        vec![last(first(&spec, b"another document"))],
        // The same by the upload's name, and before the end of the stream.
        vec![by_name, last(more(200_000, &source[200_000..400_000]))],
        vec![resumed(&name_of(&spec), done.committed_offset, b"two\n")],
        // The declared digest and size decide before any content arrives.
        vec![declared(first(&spec, b""), &longer)],
        vec![
            declared(first(&spec, &source[..10]), &longer),
            more(10, b"never read"),
        ],
    ];
    for messages in cases {
        is_reused(&world.send(messages).await.unwrap_err(), "content");
    }
    assert_eq!(world.get_upload(&name_of(&spec)).await.unwrap(), done);
    assert_eq!(
        plain(&world.rows(&done.document).await.unwrap()),
        expected(&text)
    );
}

async fn a_repetition_is_answered_as_before(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let (spec, text) = (spec("d"), prose(300_000));
    let source = text.as_bytes();
    let done = world.send(whole(&spec, source, 100_000)).await.unwrap();
    let (name, end) = (name_of(&spec), done.committed_offset);
    let tail = usize::try_from(end - 1_000).unwrap();
    let cases = [
        // Only the last answer was lost.
        vec![last(resumed(&name, end, b""))],
        vec![last(resumed(&name, end - 1_000, &source[tail..]))],
        // The digest replaces the content of the source.
        vec![last(declared(first(&spec, b""), source))],
        vec![last(declared(resumed(&name, end, b""), source))],
        // Without an end, a stream declares nothing about the whole source.
        vec![first(&spec, b"")],
        vec![first(&spec, &source[..1_000]), more(1_000, b"")],
    ];
    for messages in cases {
        assert_eq!(world.send(messages).await.unwrap(), done);
    }
    // The same holds after a newer version has replaced this one.
    let newer = crate::support::world::spec("d");
    world.send(whole(&newer, b"newer", 100)).await.unwrap();
    assert_eq!(
        world.send(whole(&spec, source, 200_000)).await.unwrap(),
        done
    );
    let refused = world.send(whole(&spec, b"newer", 100)).await.unwrap_err();
    is_reused(&refused, "content");
}

async fn fields_that_differ_are_refused_before_anything_is_read(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let (running, complete) = (spec("running"), spec("complete"));
    world.send(vec![first(&running, b"one\n")]).await.unwrap();
    world.send(whole(&complete, b"one\n", 100)).await.unwrap();
    let changes: [fn(&mut pb::UploadSpec); 7] = [
        |spec| spec.document_id.push('x'),
        |spec| "collections/none".clone_into(&mut spec.collection),
        |spec| "another".clone_into(&mut spec.display_name),
        |spec| "text/markdown".clone_into(&mut spec.media_type),
        |spec| spec.labels = Some(labels(&[("key", "value")])),
        |spec| spec.decoding = Some(pb::DecodingPolicy::default()),
        |spec| {
            spec.chunking = Some(pb::ChunkingSpec {
                max_size: Some(100),
                ..pb::ChunkingSpec::default()
            });
        },
    ];
    for (sent, state) in [(&running, RUNNING), (&complete, SUCCEEDED)] {
        for change in changes {
            let mut other = sent.clone();
            change(&mut other);
            let refused = world.send(whole(&other, b"one\n", 100)).await.unwrap_err();
            is_reused(&refused, "fields");
        }
        assert_eq!(world.get_upload(&name_of(sent)).await.unwrap().state, state);
        assert_eq!(
            world.send(whole(sent, b"one\n", 100)).await.unwrap().state,
            SUCCEEDED
        );
    }
}

/// The fields are compared as they were sent, so that a change of the collection refuses no retry.
#[tokio::test]
async fn a_changed_collection_refuses_no_retry() {
    let world = World::start().await;
    let (running, complete) = (spec("running"), spec("complete"));
    world.send(vec![first(&running, b"one\n")]).await.unwrap();
    world.send(whole(&complete, b"one\n", 100)).await.unwrap();
    let update = pb::UpdateCollectionRequest {
        collection: Some(pb::Collection {
            name: "collections/c".to_owned(),
            chunking: Some(pb::ChunkingSpec {
                max_size: Some(100),
                ..pb::ChunkingSpec::default()
            }),
            ..pb::Collection::default()
        }),
        update_mask: None,
    };
    let mut collections = CollectionServiceClient::new(world.channel.clone());
    collections.update_collection(update).await.unwrap();
    for spec in [running, complete] {
        let done = world.send(whole(&spec, b"one\n", 100)).await.unwrap();
        assert_eq!(done.state, SUCCEEDED);
    }
}

/// A stream that resumes from the start may bring another source, but none of it is mixed in.
async fn an_unfinished_upload_is_not_continued_with_another_source(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let (spec, text) = (spec("d"), prose(400_000));
    let source = text.as_bytes();
    let mut messages = whole(&spec, source, 100_000);
    messages.truncate(4);
    let open = world.send(messages).await.unwrap();
    assert!(open.committed_offset > 200_000);
    let mut other = source.to_vec();
    other[5] ^= 1;
    for refused in [
        world.send(whole(&spec, &other, 100_000)).await,
        world.send(whole(&spec, &source[..1_000], 100_000)).await,
    ] {
        is_reused(&refused.unwrap_err(), "content");
    }
    let kept = world.get_upload(&name_of(&spec)).await.unwrap();
    assert_eq!(
        (kept.state, kept.committed_offset),
        (RUNNING, open.committed_offset)
    );
    let done = world.send(whole(&spec, source, 100_000)).await.unwrap();
    assert_eq!(
        plain(&world.rows(&done.document).await.unwrap()),
        expected(&text)
    );
}

/// The declaration of the first message also holds for later streams of the upload.
#[tokio::test]
async fn a_declaration_is_kept_with_the_upload() {
    let world = World::start().await;
    let spec = spec("d");
    let begin = declared(first(&spec, b"one\n"), b"one\ntwo\n");
    world.send(vec![begin.clone()]).await.unwrap();
    let refused = [
        vec![declared(first(&spec, b"one\n"), b"one\n")],
        vec![declared(resumed(&name_of(&spec), 0, b"one\n"), b"one\n")],
        vec![begin.clone(), declared(more(4, b"two\n"), b"another")],
    ];
    for messages in refused {
        is_reused(&world.send(messages).await.unwrap_err(), "content");
    }
    let shorter = world
        .send(vec![last(first(&spec, b"one\n"))])
        .await
        .unwrap_err();
    assert_eq!(
        reason(&shorter),
        "SIZE_MISMATCH",
        "the first declaration holds for a stream without one"
    );
}

async fn an_upload_whose_document_was_deleted_has_not_succeeded(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let sent = spec("d");
    let done = world.send(whole(&sent, b"one\n", 100)).await.unwrap();
    let delete = pb::DeleteDocumentRequest {
        name: done.document.clone(),
        ..pb::DeleteDocumentRequest::default()
    };
    let mut documents = DocumentServiceClient::new(world.channel.clone());
    documents.delete_document(delete).await.unwrap();
    let check = async || {
        for messages in [
            whole(&sent, b"one\n", 100),
            vec![first(&sent, b"")],
            vec![last(resumed(&done.name, 4, b""))],
        ] {
            let refused = world.send(messages).await.unwrap_err();
            assert_eq!(
                (refused.code(), reason(&refused).as_str()),
                (Code::FailedPrecondition, "DOCUMENT_DELETED")
            );
        }
    };
    check().await;
    // A new document with the same name is a different document.
    world.send(whole(&spec("d"), b"one\n", 100)).await.unwrap();
    check().await;

    let other = spec("e");
    world.send(whole(&other, b"one\n", 100)).await.unwrap();
    let delete = pb::DeleteCollectionRequest {
        name: "collections/c".to_owned(),
        force: true,
        ..pb::DeleteCollectionRequest::default()
    };
    let mut collections = CollectionServiceClient::new(world.channel.clone());
    collections.delete_collection(delete).await.unwrap();
    let refused = world.send(whole(&other, b"one\n", 100)).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        "DOCUMENT_DELETED",
        "the document was deleted with its collection"
    );
}

/// Repeated content has the same limits as the content of an upload.
#[tokio::test]
async fn a_repetition_is_bounded_as_an_upload() {
    let world = World::start_with(|config| config.uploads.idle_seconds_max = 1).await;
    let spec = spec("d");
    world.send(whole(&spec, b"some text", 100)).await.unwrap();
    let (messages, receiver) = tokio::sync::mpsc::channel(1);
    messages.send(first(&spec, b"some")).await.unwrap();
    let stream = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let refused = world.uploads().upload_document(stream).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::DeadlineExceeded, "UPLOAD_IDLE")
    );
    let mut damaged = first(&spec, b"some text");
    damaged.crc32c = Some(7);
    let refused = world.send(vec![damaged]).await.unwrap_err();
    assert_eq!(reason(&refused), "CONTENT_CHECKSUM_MISMATCH");
    let large = first(&spec, &vec![b'a'; 262_145]);
    let refused = world.send(vec![large]).await.unwrap_err();
    assert_eq!(reason(&refused), "MESSAGE_TOO_LARGE");
    let followed = vec![last(first(&spec, b"some text")), more(9, b"")];
    let refused = world.send(followed).await.unwrap_err();
    assert_eq!(reason(&refused), "WRITE_AFTER_FINISH");
}

/// Both methods upload: each repeats an upload of the other, under the same rules.
#[tokio::test]
async fn a_stream_document_is_compared_too() {
    let world = World::start().await;
    let spec = spec("d");
    let done = world.send(whole(&spec, b"some text", 100)).await.unwrap();
    let stream = async |content: &[u8]| {
        let write = Some(last(first(&spec, content)));
        let message = pb::StreamDocumentRequest {
            write,
            look_up: true,
            ..pb::StreamDocumentRequest::default()
        };
        let messages = tokio_stream::iter(vec![message]);
        let mut responses = world
            .uploads()
            .stream_document(messages)
            .await?
            .into_inner();
        let mut end = None;
        while let Some(response) = responses.message().await? {
            end = response.event;
        }
        Ok::<_, Status>(end)
    };
    let end = stream(b"some text").await.unwrap();
    let upload = pb::stream_document_response::Event::Upload(done);
    assert_eq!(end, Some(upload));
    is_reused(&stream(b"other text").await.unwrap_err(), "content");
}

in_each_store!(
    content_that_differs_is_refused_and_nothing_is_changed,
    a_repetition_is_answered_as_before,
    fields_that_differ_are_refused_before_anything_is_read,
    an_unfinished_upload_is_not_continued_with_another_source,
    an_upload_whose_document_was_deleted_has_not_succeeded,
);
