//! The distribution of chunks, the partition of a document, and moves that readers do not notice.

use std::time::{Duration, Instant};

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;
use sluice::interface::grpc::pb::operation_service_client::OperationServiceClient;
use sluice::interface::grpc::pb::partition_service_client::PartitionServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};

use crate::support::world::{
    Kept, World, expected, first, in_each_store, name_of, plain, prose, reason, resumed, spec,
    whole,
};

const DOCUMENT: &str = "collections/c/documents/d";

fn client(world: &World) -> PartitionServiceClient<Channel> {
    PartitionServiceClient::new(world.channel.clone())
}

async fn health(world: &World) -> pb::GetPartitionHealthResponse {
    let request = pb::GetPartitionHealthRequest {};
    let health = client(world).get_partition_health(request).await;
    health.unwrap().into_inner()
}

async fn watch(world: &World) -> Streaming<pb::WatchPartitionHealthResponse> {
    let request = pb::WatchPartitionHealthRequest {};
    let states = client(world).watch_partition_health(request).await;
    states.unwrap().into_inner()
}

/// Locates the document. Its counts must equal a recount, and its partition must be one of its two candidates.
async fn locate(world: &World) -> pb::LocateDocumentResponse {
    let name = DOCUMENT.to_owned();
    let request = pb::LocateDocumentRequest { name };
    let located = client(world).locate_document(request).await;
    let located = located.unwrap().into_inner();
    assert!(located.is_candidate && located.candidates.contains(&located.partition));
    assert_eq!(located.chunks, located.counted_chunks);
    assert_eq!(located.text_bytes, located.counted_text_bytes);
    located
}

fn request() -> pb::MoveDocumentRequest {
    pb::MoveDocumentRequest {
        name: DOCUMENT.to_owned(),
        request_id: uuid::Uuid::new_v4().to_string(),
    }
}

/// Moves the document, and returns the last state of the operation.
async fn moved(world: &World) -> pb::Operation {
    let begun = client(world).move_document(request()).await.unwrap();
    let begun = begun.into_inner().operation.unwrap();
    assert_eq!(begun.kind(), pb::operation::Kind::MoveDocument);
    let request = pb::WatchOperationRequest {
        name: begun.name,
        after_seq: 0,
    };
    let mut client = OperationServiceClient::new(world.channel.clone());
    let mut states = client.watch_operation(request).await.unwrap().into_inner();
    let mut latest = None;
    while let Some(state) = states.message().await.unwrap() {
        latest = state.operation;
    }
    latest.unwrap()
}

async fn send(world: &World, id: &str, text: &str) {
    let messages = whole(&spec(id), text.as_bytes(), 200_000);
    world.send(messages).await.unwrap();
}

in_each_store!(
    the_health_equals_the_view_and_a_large_document_is_named,
    a_moved_document_is_in_its_other_partition_and_reads_the_same,
    readers_and_followers_continue_after_a_move,
    an_upload_is_followed_through_a_move,
    a_move_that_might_lose_chunks_fails_and_leaves_the_document,
);

async fn the_health_equals_the_view_and_a_large_document_is_named(kept: Kept) {
    use pb::balance::{Advice, Reason, Verdict};

    let world = World::start_in(kept, |_| {}).await;
    let told = |balance: &pb::Balance| {
        let reasons = balance.reasons().collect::<Vec<_>>();
        (balance.verdict(), reasons, balance.advice())
    };
    let empty = health(&world).await.balance.unwrap();
    let nothing = (Verdict::Healthy, vec![Reason::Empty], Advice::None);
    assert_eq!(told(&empty), nothing);
    for number in 0..50 {
        send(&world, &format!("d{number}"), "some text").await;
    }
    let few = health(&world).await.balance.unwrap();
    let too_few = (
        Verdict::Healthy,
        vec![Reason::TooFewDocuments],
        Advice::Wait,
    );
    assert_eq!(told(&few), too_few);
    assert!(few.max_over_mean >= 2.0 && few.gini >= 0.5, "{few:?}");
    send(&world, "d", &prose(100_000)).await;
    let pb::GetPartitionHealthResponse {
        partitions,
        balance,
    } = health(&world).await;
    let balance = balance.unwrap();
    let large = (
        Verdict::Critical,
        vec![Reason::LargeDocuments],
        Advice::None,
    );
    assert_eq!(told(&balance), large);
    let located = locate(&world).await;
    let named = pb::HotDocument {
        tenant: "default".to_owned(),
        name: DOCUMENT.to_owned(),
        partition: located.partition,
        chunks: located.chunks,
        text_bytes: located.text_bytes,
    };
    assert_eq!(balance.hot_documents, [named]);

    assert_eq!(partitions.len(), 100);
    let view = "SELECT partition_key || ' ' || documents || ' ' || chunks || ' ' || text_bytes
            || ' STATUS_' || status
        FROM partition_health ORDER BY partition_key";
    let told = partitions.iter().map(|told| {
        let status = told.status().as_str_name();
        let (documents, chunks, bytes) = (told.documents, told.chunks, told.text_bytes);
        format!("{} {documents} {chunks} {bytes} {status}", told.partition)
    });
    assert_eq!(world.ask(view).await, told.collect::<Vec<_>>());
    let number = |count: i64| f64::from(i32::try_from(count).unwrap());
    let mean = number(partitions.iter().map(|told| told.chunks).sum()) / 100.0;
    for told in &partitions {
        let deviation = 100.0 * (number(told.chunks) / mean - 1.0);
        let rounded = (deviation - told.deviation_percent).abs();
        assert!(rounded < 0.051, "{deviation}: {told:?}");
        let vacuums = matches!(kept, Kept::InADatabase);
        assert_eq!(
            told.dead_rows.is_some(),
            vacuums,
            "SQLite reports no dead rows"
        );
        assert_eq!(told.needs_vacuum.is_some(), vacuums);
    }
}

#[tokio::test]
async fn watchers_receive_changes_and_an_error_at_shutdown() {
    let world = World::start().await;
    let mut watchers = [watch(&world).await, watch(&world).await];
    for states in &mut watchers {
        let first = states.message().await.unwrap().unwrap();
        assert_eq!(first.partitions.len(), 100);
        assert_eq!(first.balance, health(&world).await.balance);
    }
    let begun = Instant::now();
    for number in 1..=2 {
        send(&world, &format!("d{number}"), "some text").await;
        let now = health(&world).await;
        for states in &mut watchers {
            // A message may show the state between two commits of the upload.
            let arrives = async {
                loop {
                    let state = states.message().await.unwrap().unwrap();
                    if (&state.partitions, &state.balance) == (&now.partitions, &now.balance) {
                        return;
                    }
                }
            };
            let outcome = tokio::time::timeout(Duration::from_secs(20), arrives).await;
            outcome.expect("the watcher receives the state after the upload");
        }
    }
    assert!(
        begun.elapsed() > Duration::from_millis(1_900),
        "at most one message per second is sent"
    );
    // Without a change, no message is sent until the server stops.
    let quiet = tokio::time::timeout(Duration::from_millis(2_500), watchers[0].message()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    world.instance.stop().await.unwrap();
    for mut states in watchers {
        let told = states.message().await.unwrap_err();
        assert_eq!(
            (told.code(), reason(&told).as_str()),
            (Code::Unavailable, "DRAINING")
        );
    }
}

fn is_failed_precondition(refused: &Status, expected: &str) {
    assert_eq!(
        (refused.code(), reason(refused).as_str()),
        (Code::FailedPrecondition, expected)
    );
}

async fn a_moved_document_is_in_its_other_partition_and_reads_the_same(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let text = prose(1_500_000);
    send(&world, "d", &text).await;
    send(&world, "e", "some text").await;
    let before = (locate(&world).await, world.rows(DOCUMENT).await.unwrap());
    assert_eq!(before.0.chunks_elsewhere, 0);
    let mut documents = DocumentServiceClient::new(world.channel.clone());
    let mut get = async || {
        let name = DOCUMENT.to_owned();
        let found = documents
            .get_document(pb::GetDocumentRequest { name })
            .await;
        found.unwrap().into_inner().document.unwrap()
    };
    let document = get().await;
    let mut client = client(&world);
    let asked = request();
    let begun = client.move_document(asked.clone()).await.unwrap();
    let name = begun.into_inner().operation.unwrap().name;
    assert_eq!(name, format!("operations/{}", asked.request_id));
    let again = client.move_document(asked.clone()).await.unwrap();
    assert_eq!(again.into_inner().operation.unwrap().name, name);
    let refused = client.move_document(request()).await.unwrap_err();
    is_failed_precondition(&refused, "MOVE_PENDING");
    let other = pb::MoveDocumentRequest {
        name: "collections/c/documents/e".to_owned(),
        ..asked
    };
    let refused = client.move_document(other).await.unwrap_err();
    is_failed_precondition(&refused, "REQUEST_ID_REUSED");
    let mut operations = OperationServiceClient::new(world.channel.clone());
    let cancel = pb::CancelOperationRequest { name: name.clone() };
    let refused = operations.cancel_operation(cancel).await.unwrap_err();
    assert_eq!(reason(&refused), "NOT_CANCELLABLE");
    let request = pb::WatchOperationRequest { name, after_seq: 0 };
    let states = operations.watch_operation(request).await.unwrap();
    let mut states = states.into_inner();
    let mut ended = pb::Operation::default();
    while let Some(state) = states.message().await.unwrap() {
        ended = state.operation.unwrap();
    }
    assert_eq!(ended.state(), pb::operation::State::Succeeded);
    assert_eq!(ended.chunks, before.0.chunks);

    let after = locate(&world).await;
    assert_ne!(after.partition, before.0.partition);
    assert_eq!(after.candidates, before.0.candidates);
    assert_eq!(
        after.chunks_elsewhere, before.0.chunks,
        "the old chunks are retained for readers"
    );
    assert_eq!(world.rows(DOCUMENT).await.unwrap(), before.1);
    let there = get().await;
    assert_eq!(there.partition, after.partition);
    let partition = document.partition;
    assert_eq!(
        pb::Document { partition, ..there },
        document,
        "no other field changes"
    );
    let nothing = pb::LocateDocumentRequest {
        name: "collections/c/documents/none".to_owned(),
    };
    let refused = client.locate_document(nothing).await.unwrap_err();
    assert_eq!(reason(&refused), "NOT_FOUND");
}

/// Starts a server that retains no old chunks for readers.
async fn forgetful(kept: Kept) -> World {
    World::start_in(kept, |config| {
        config.retention.old_version_seconds = 0;
        config.retention.sweep_every_seconds = 1;
    })
    .await
}

async fn until_nothing_is_left(world: &World) {
    while locate(world).await.chunks_elsewhere > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn readers_and_followers_continue_after_a_move(kept: Kept) {
    let world = forgetful(kept).await;
    let text = prose(5_000_000);
    send(&world, "d", &text).await;
    let mut client = ChunkServiceClient::new(world.channel.clone());
    let read = pb::StreamChunksRequest {
        document: DOCUMENT.to_owned(),
        ..Default::default()
    };
    let mut pages = client.stream_chunks(read).await.unwrap().into_inner();
    let follow = pb::StreamChangesRequest {
        collection: "collections/c".to_owned(),
        ..Default::default()
    };
    let mut parts = client.stream_changes(follow).await.unwrap().into_inner();
    let mut read = pages.message().await.unwrap().unwrap().chunks;
    let mut told = parts.message().await.unwrap().unwrap().changes;
    assert_eq!(moved(&world).await.state(), pb::operation::State::Succeeded);
    until_nothing_is_left(&world).await;
    while let Some(page) = pages.message().await.unwrap() {
        read.extend(page.chunks);
    }
    assert!(plain(&read) == expected(&text));
    while let Some(part) = parts.message().await.unwrap() {
        told.extend(part.changes);
    }
    let added = told.into_iter().filter_map(|change| match change.change {
        Some(pb::change::Change::Added(chunk)) => Some(chunk),
        _ => None,
    });
    assert!(
        added.collect::<Vec<_>>() == read,
        "each chunk is sent exactly once"
    );
}

async fn an_upload_is_followed_through_a_move(kept: Kept) {
    let world = forgetful(kept).await;
    let (spec, text) = (spec("d"), prose(300_000));
    let source = text.as_bytes();
    let mut open = world.send(vec![first(&spec, &source[..150_000])]).await;
    let follow = pb::StreamChunksRequest {
        document: DOCUMENT.to_owned(),
        follow: true,
        ..Default::default()
    };
    let mut client = ChunkServiceClient::new(world.channel.clone());
    let mut pages = client.stream_chunks(follow).await.unwrap().into_inner();
    let mut read = Vec::new();
    for end in [200_000, source.len()] {
        let upload = open.unwrap();
        while read.len() < usize::try_from(upload.chunks).unwrap() {
            read.extend(pages.message().await.unwrap().unwrap().chunks);
        }
        assert_eq!(moved(&world).await.chunks, upload.chunks);
        until_nothing_is_left(&world).await;
        let committed = upload.committed_offset;
        let rest = &source[usize::try_from(committed).unwrap()..end];
        let more = resumed(&name_of(&spec), committed, rest);
        let finish_write = end == source.len();
        open = world
            .send(vec![pb::UploadDocumentRequest {
                finish_write,
                ..more
            }])
            .await;
    }
    open.unwrap();
    while let Some(page) = pages.message().await.unwrap() {
        read.extend(page.chunks);
    }
    assert_eq!(plain(&read), expected(&text));
    assert_eq!(locate(&world).await.chunks_elsewhere, 0);
}

/// The document's row has a wrong count: a move must not take the copied chunks for all of them.
async fn a_move_that_might_lose_chunks_fails_and_leaves_the_document(kept: Kept) {
    let world = forgetful(kept).await;
    let text = prose(50_000);
    send(&world, "d", &text).await;
    let before = locate(&world).await;
    for change in ["+ 1", "- 1"] {
        let damage = format!("UPDATE documents SET chunks = chunks {change}");
        world.ask(&damage).await;
        if change == "+ 1" {
            let failed = moved(&world).await;
            assert_eq!(failed.state(), pb::operation::State::Failed);
            assert_eq!(failed.failure_reason, "MOVE_INCOMPLETE");
        }
    }
    until_nothing_is_left(&world).await;
    assert_eq!(locate(&world).await, before);
    assert_eq!(plain(&world.rows(DOCUMENT).await.unwrap()), expected(&text));
    assert_eq!(moved(&world).await.state(), pb::operation::State::Succeeded);
}
