//! A client that follows the changes of a collection has exactly its chunks, even across faults.

use std::sync::Arc;
use std::time::Duration;

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tokio_util::sync::CancellationToken;
use tonic::Code;

use crate::support::follower::{Follower, assert_same, contents};
use crate::support::restarted::{Restarted, follow_at_random, upload};
use crate::support::server::Server;
use crate::support::world::{
    Folder, World, create_collection, metadata, prose, reason, rows, spec, whole,
};

#[tokio::test]
async fn a_follower_receives_the_current_chunks_and_then_the_changes() {
    let world = World::start().await;
    let text = prose(100_000);
    world
        .send(whole(&spec("d"), text.as_bytes(), 50_000))
        .await
        .unwrap();
    world
        .send(whole(&spec("e"), b"another text", 50_000))
        .await
        .unwrap();
    let mut follower = Follower::default();
    follower.catch_up(&world.channel).await.unwrap();
    assert_same(&follower.contents, &contents(&world.channel).await);
    let all = follower.added;

    // A sentence is inserted in the middle: nearly all chunks are kept.
    let at = text[..50_000].rfind(". ").unwrap() + 2;
    let edited = format!("{}A sentence was put in. {}", &text[..at], &text[at..]);
    world
        .send(whole(&spec("d"), edited.as_bytes(), 50_000))
        .await
        .unwrap();
    follower.catch_up(&world.channel).await.unwrap();
    assert_same(&follower.contents, &contents(&world.channel).await);
    let (added, removed) = (follower.added - all, follower.removed);
    assert!(
        (1..=3).contains(&added) && (1..=3).contains(&removed),
        "{added} {removed}"
    );
    assert!(
        follower.kept >= all - 4 && follower.resets == 2,
        "{}",
        follower.kept
    );

    let cursor = follower.cursor.clone();
    follower.catch_up(&world.channel).await.unwrap();
    assert_eq!(follower.cursor, cursor, "no change, same cursor");

    let name = "collections/c/documents/d".to_owned();
    let request = pb::DeleteDocumentRequest {
        name: name.clone(),
        ..Default::default()
    };
    let mut documents = DocumentServiceClient::new(world.channel.clone());
    documents.delete_document(request).await.unwrap();
    follower.catch_up(&world.channel).await.unwrap();
    assert!(!follower.contents.contains_key(&name) && follower.contents.len() == 1);
    world
        .send(whole(&spec("d"), b"the name again", 100))
        .await
        .unwrap();
    follower.catch_up(&world.channel).await.unwrap();
    assert_same(&follower.contents, &contents(&world.channel).await);
}

#[tokio::test]
async fn any_cursor_resumes_and_a_forged_cursor_is_refused() {
    let world = World::start().await;
    for id in ["a", "b", "c"] {
        let text = format!("{id}: {}", prose(300_000));
        world
            .send(whole(&spec(id), text.as_bytes(), 50_000))
            .await
            .unwrap();
    }
    let mut follower = Follower::default();
    let mut cursors = Vec::new();
    for round in 0..2 {
        loop {
            // Takes one response, then drops the stream.
            let mut parts = follower.open(&world.channel, false).await.unwrap();
            let Some(part) = parts.message().await.unwrap() else {
                break;
            };
            follower.apply(part);
            cursors.push(follower.cursor.clone());
        }
        assert_same(&follower.contents, &contents(&world.channel).await);
        let text = format!(
            "b: {}",
            prose(250_000).replace("Sentence 100 ", "Phrase 100 ")
        );
        let id = ["b", "a"][round];
        world
            .send(whole(&spec(id), text.as_bytes(), 50_000))
            .await
            .unwrap();
    }
    assert!(cursors.len() > 15 && follower.kept > 50);
    let wrong = |cursor: &str| Follower {
        cursor: cursor.to_owned(),
        ..Follower::default()
    };
    let mut tampered = follower.cursor.clone().into_bytes();
    tampered[30] = if tampered[30] == b'A' { b'B' } else { b'A' };
    for cursor in ["nonsense", &String::from_utf8(tampered).unwrap()] {
        let refused = wrong(cursor).open(&world.channel, false).await.unwrap_err();
        assert_eq!(
            (refused.code(), metadata(&refused, "field").as_str()),
            (Code::InvalidArgument, "after_cursor")
        );
    }
}

/// The sweep deletes the lowest ordinals first. A version that lost some chunks is neither compared with nor read as if
/// it were complete.
#[tokio::test]
async fn a_partly_swept_version_is_neither_compared_nor_read() {
    let world = World::start().await;
    let text = prose(60_000);
    world
        .send(whole(&spec("d"), text.as_bytes(), 50_000))
        .await
        .unwrap();
    let mut follower = Follower::default();
    follower.catch_up(&world.channel).await.unwrap();
    let edited = text.replacen("Sentence 300 ", "Phrase 300 ", 1);
    world
        .send(whole(&spec("d"), edited.as_bytes(), 50_000))
        .await
        .unwrap();
    let mut store = SqliteConnectOptions::new()
        .filename(world.database())
        .connect()
        .await
        .unwrap();
    let sweep = "DELETE FROM chunks WHERE version = ? AND ordinal < 10";
    sqlx::query(sweep)
        .bind(1)
        .execute(&mut store)
        .await
        .unwrap();
    follower.catch_up(&world.channel).await.unwrap();
    assert_same(&follower.contents, &contents(&world.channel).await);
    assert_eq!((follower.kept, follower.resets), (0, 2), "sent anew");
    sqlx::query(sweep)
        .bind(2)
        .execute(&mut store)
        .await
        .unwrap();
    for from in [None, Some(3)] {
        let read = rows(&world.channel, "collections/c/documents/d", from, false).await;
        assert_eq!(reason(&read.unwrap_err()), "VERSION_GONE");
    }
}

/// A new collection of the same name does not continue the old one.
#[tokio::test]
async fn a_cursor_of_a_deleted_collection_is_expired() {
    let world = World::start().await;
    world.send(whole(&spec("d"), b"one", 100)).await.unwrap();
    let mut follower = Follower::default();
    follower.catch_up(&world.channel).await.unwrap();
    let mut client = CollectionServiceClient::new(world.channel.clone());
    let delete = pb::DeleteCollectionRequest {
        name: "collections/c".to_owned(),
        force: true,
        ..Default::default()
    };
    client.delete_collection(delete).await.unwrap();
    create_collection(&world.channel).await;
    let told = follower.catch_up(&world.channel).await.unwrap_err();
    assert_eq!(reason(&told), "CURSOR_EXPIRED");
}

#[tokio::test]
async fn a_cursor_older_than_the_retention_is_expired() {
    let world = World::start_with(|config| {
        config.retention.operation_seconds = 1;
        config.retention.sweep_every_seconds = 1;
    })
    .await;
    world.send(whole(&spec("d"), b"one", 100)).await.unwrap();
    let mut early = Follower::default();
    early.catch_up(&world.channel).await.unwrap();
    world.send(whole(&spec("d"), b"two", 100)).await.unwrap();
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        match early.clone().catch_up(&world.channel).await {
            Ok(()) => {}
            Err(told) => {
                assert_eq!(
                    (told.code(), reason(&told).as_str()),
                    (Code::OutOfRange, "CURSOR_EXPIRED")
                );
                break;
            }
        }
    }
    let mut anew = Follower::default();
    anew.catch_up(&world.channel).await.unwrap();
    assert_same(&anew.contents, &contents(&world.channel).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_follower_does_not_grow_the_servers_memory() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("slow.db"));
    let channel = server.channel();
    create_collection(&channel).await;
    let text = prose(30_000_000);
    let messages = whole(&spec("d"), text.as_bytes(), 200_000);
    UploadServiceClient::new(channel.clone())
        .upload_document(tokio_stream::iter(messages))
        .await
        .unwrap();
    let before = server.peak_kib();
    let mut parts = Follower::default().open(&channel, true).await.unwrap();
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        parts.message().await.unwrap().unwrap();
    }
    let grown = server.peak_kib() - before;
    assert!(
        grown < 10_000,
        "{grown} KiB more while 30 MB wait to be sent"
    );
}

const DOCUMENTS: usize = 20;
const VERSIONS: usize = 3;
const KILLS: u64 = 12;

/// A follower reconnects at random while 20 documents get three versions each and the server is killed 12 times. Old
/// versions are swept after 1 s.
#[tokio::test(flavor = "multi_thread")]
async fn an_embedder_that_reconnects_at_random_has_exactly_the_current_chunks() {
    let instance = Restarted::start().await;
    let enough = CancellationToken::new();
    let uploads = (0..DOCUMENTS).map(|number| {
        let instance = Arc::clone(&instance);
        tokio::spawn(async move {
            for version in 0..VERSIONS {
                let mark = format!("Document {number}, version {version}. ");
                let text = prose(60_000).replacen("Sentence 77 ", &mark, 1);
                upload(
                    &instance,
                    &spec(&format!("d{number}")),
                    (mark + &text).as_bytes(),
                )
                .await;
            }
        })
    });
    let uploads = uploads.collect::<Vec<_>>();
    let following = tokio::spawn(follow_at_random(
        Arc::clone(&instance),
        Follower::default(),
        enough.clone(),
    ));
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(300)).await;
        instance.restart().await;
    }
    for upload in uploads {
        upload.await.unwrap();
    }
    enough.cancel();
    let mut follower = following.await.unwrap();
    let channel = instance.channel().await;
    follower.catch_up(&channel).await.unwrap();
    let stored = contents(&channel).await;
    assert_eq!(stored.len(), DOCUMENTS);
    assert_same(&follower.contents, &stored);
    assert!(
        follower.kept > 0 && follower.removed > 0,
        "no versions were compared"
    );
}
