//! Uploads: every row of their table of statuses, and the stored state after each.

use sha2::{Digest, Sha256};
use tonic::Code;

use crate::support::world::{
    World, expected, first, last, metadata, more, name_of, plain, prose, reason, resumed, spec,
    whole,
};

const RUNNING: i32 = 1;
const SUCCEEDED: i32 = 2;
const FAILED: i32 = 3;
const CANCELLED: i32 = 4;

#[tokio::test]
async fn documents_of_every_length_are_read_back_as_chunked() {
    let world = World::start().await;
    for bytes in [0, 1, 65_536, 65_537, 1_000_000] {
        let text = prose(bytes)[..bytes]
            .chars()
            .filter(char::is_ascii)
            .collect::<String>();
        let spec = spec(&format!("document-{bytes}"));
        let upload = world
            .send(whole(&spec, text.as_bytes(), 65_536))
            .await
            .unwrap();
        assert_eq!(
            (upload.state, upload.committed_offset),
            (SUCCEEDED, i64::try_from(text.len()).unwrap())
        );
        assert_eq!(
            plain(&world.rows(&upload.document).await.unwrap()),
            expected(&text),
            "{bytes}"
        );
    }
}

#[tokio::test]
async fn only_finish_write_completes_an_upload() {
    let world = World::start().await;
    let (spec, text) = (spec("open"), prose(300_000));
    let mut messages = whole(&spec, text.as_bytes(), 100_000);
    messages.pop();
    let upload = world.send(messages).await.unwrap();
    assert_eq!(upload.state, RUNNING);
    assert!(upload.committed_offset > 150_000 && upload.committed_offset < 300_000);
    assert_eq!(
        world.rows(&upload.document).await.unwrap_err().code(),
        Code::NotFound
    );

    let committed = usize::try_from(upload.committed_offset).unwrap();
    assert_eq!(
        Sha256::digest(&text.as_bytes()[..committed])[..],
        upload.committed_sha256
    );
    let rest = &text.as_bytes()[committed..];
    let upload = world
        .send(vec![last(resumed(
            &upload.name,
            upload.committed_offset,
            rest,
        ))])
        .await
        .unwrap();
    assert_eq!(upload.state, SUCCEEDED);
    assert_eq!(
        plain(&world.rows(&upload.document).await.unwrap()),
        expected(&text)
    );
}

#[tokio::test]
async fn committed_bytes_are_skipped_and_a_repeated_end_is_no_error() {
    let world = World::start().await;
    let (spec, text) = (spec("again"), prose(400_000));
    let mut messages = whole(&spec, text.as_bytes(), 100_000);
    messages.truncate(4);
    world.send(messages).await.unwrap();
    let upload = world
        .send(whole(&spec, text.as_bytes(), 100_000))
        .await
        .unwrap();
    assert_eq!(upload.state, SUCCEEDED);
    let again = world
        .send(whole(&spec, text.as_bytes(), 100_000))
        .await
        .unwrap();
    assert_eq!(again, upload);
    assert_eq!(
        plain(&world.rows(&upload.document).await.unwrap()),
        expected(&text)
    );
}

#[tokio::test]
async fn a_cancelled_upload_ends_and_a_newer_one_of_its_document_supersedes() {
    use sluice::interface::grpc::pb::CancelUploadRequest;

    let world = World::start().await;
    let old = spec("document");
    world.send(vec![first(&old, b"some text")]).await.unwrap();
    let new = spec("document");
    world.send(vec![first(&new, b"other text")]).await.unwrap();
    let refused = world
        .send(vec![resumed(&name_of(&old), 0, b"some text")])
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Aborted, "UPLOAD_SUPERSEDED")
    );
    assert_eq!(
        world.get_upload(&name_of(&old)).await.unwrap().state,
        FAILED
    );

    let cancel = CancelUploadRequest {
        name: name_of(&new),
    };
    let cancelled = world
        .uploads()
        .cancel_upload(cancel.clone())
        .await
        .unwrap()
        .into_inner()
        .upload
        .unwrap();
    assert_eq!(cancelled.state, CANCELLED);
    let refused = world.uploads().cancel_upload(cancel).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "UPLOAD_ENDED")
    );
    let refused = world
        .send(vec![resumed(&name_of(&new), 0, b"other text")])
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "UPLOAD_ENDED");
    let refused = world
        .get_upload("uploads/018f2f6e-7b1a-7c3d-8e4f-0123456789ab")
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), metadata(&refused, "kind").as_str()),
        (Code::NotFound, "upload")
    );
}

/// Two writers of one upload: the newest wins, and the older one is notified at its next commit.
#[tokio::test]
async fn the_newest_writer_wins() {
    let world = World::start().await;
    let (spec, text) = (spec("race"), prose(600_000));
    let (old, receiver) = tokio::sync::mpsc::channel(1);
    let mut client = world.uploads();
    let stream = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let older = tokio::spawn(async move { client.upload_document(stream).await });
    old.send(first(&spec, &text.as_bytes()[..100_000]))
        .await
        .unwrap();
    while world
        .get_upload(&name_of(&spec))
        .await
        .map_or(0, |upload| upload.committed_offset)
        == 0
    {
        tokio::task::yield_now().await;
    }
    let done = world
        .send(whole(&spec, text.as_bytes(), 200_000))
        .await
        .unwrap();
    assert_eq!(done.state, SUCCEEDED);
    // The older writer may have been notified already.
    let _told = old
        .send(more(100_000, &text.as_bytes()[100_000..300_000]))
        .await;
    drop(old);
    let refused = older.await.unwrap().unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Aborted, "UPLOAD_SUPERSEDED")
    );
    assert_eq!(
        plain(&world.rows(&done.document).await.unwrap()),
        expected(&text)
    );
}

#[tokio::test]
async fn a_server_that_stops_commits_and_asks_its_clients_to_retry() {
    let world = World::start().await;
    let (spec, text) = (spec("drain"), prose(200_000));
    let (messages, receiver) = tokio::sync::mpsc::channel(1);
    let mut client = world.uploads();
    let stream = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let sending = tokio::spawn(async move { client.upload_document(stream).await });
    messages.send(first(&spec, text.as_bytes())).await.unwrap();
    while world
        .get_upload(&name_of(&spec))
        .await
        .map_or(0, |upload| upload.committed_offset)
        == 0
    {
        tokio::task::yield_now().await;
    }
    world.instance.stop().await.unwrap();
    let told = sending.await.unwrap().unwrap_err();
    assert_eq!(
        (told.code(), reason(&told).as_str()),
        (Code::Unavailable, "DRAINING")
    );
    let pushback = told.metadata().get("grpc-retry-pushback-ms").unwrap();
    assert_eq!(pushback, "1000");
}
