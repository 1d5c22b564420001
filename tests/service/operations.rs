//! Watching an operation: states arrive in order, and the terminal state arrives once and last.

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::operation_service_client::OperationServiceClient;
use tonic::{Code, Status};

use crate::support::world::{
    World, first, last, metadata, more, name_of, prose, reason, resumed, spec, whole,
};

const RUNNING: i32 = 1;
const SUCCEEDED: i32 = 2;
const CANCELLED: i32 = 4;

async fn watch(world: &World, name: &str, after_seq: i64) -> Result<Vec<pb::Operation>, Status> {
    let mut client = OperationServiceClient::new(world.channel.clone());
    let request = pb::WatchOperationRequest {
        name: name.to_owned(),
        after_seq,
    };
    let mut stream = client.watch_operation(request).await?.into_inner();
    let mut states = Vec::new();
    while let Some(state) = stream.message().await? {
        states.push(state.operation.unwrap());
    }
    Ok(states)
}

fn check(states: &[pb::Operation], terminal: i32) {
    assert!(
        states.windows(2).all(|pair| pair[0].seq < pair[1].seq),
        "{states:?}"
    );
    assert!(
        states
            .windows(2)
            .all(|pair| pair[0].committed_bytes <= pair[1].committed_bytes)
    );
    let (end, others) = states.split_last().unwrap();
    assert_eq!(end.state, terminal);
    assert!(others.iter().all(|state| state.state == RUNNING));
}

#[tokio::test]
async fn a_watcher_sees_an_upload_to_its_end() {
    let world = World::start().await;
    let (spec, text) = (spec("d"), prose(400_000));
    world
        .send(vec![first(&spec, &text.as_bytes()[..100])])
        .await
        .unwrap();
    let name = name_of(&spec).replace("uploads", "operations");
    let (messages, receiver) = tokio::sync::mpsc::channel(1);
    let mut client = world.uploads();
    let sending = tokio::spawn(async move {
        client
            .upload_document(tokio_stream::wrappers::ReceiverStream::new(receiver))
            .await
    });
    let source = text.into_bytes();
    let sender = tokio::spawn(async move {
        messages.send(first(&spec, b"")).await.unwrap();
        for (number, content) in source.chunks(100_000).enumerate() {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            messages
                .send(more(i64::try_from(number * 100_000).unwrap(), content))
                .await
                .unwrap();
        }
        messages
            .send(last(more(i64::try_from(source.len()).unwrap(), b"")))
            .await
            .unwrap();
    });
    let states = watch(&world, &name, 0).await.unwrap();
    sender.await.unwrap();
    sending.await.unwrap().unwrap();
    check(&states, SUCCEEDED);
    assert!(states.len() >= 3, "progress is sent: {states:?}");
}

#[tokio::test]
async fn the_terminal_state_is_sent_again_and_a_future_sequence_is_refused() {
    let world = World::start().await;
    let spec = spec("d");
    world
        .send(whole(&spec, prose(10_000).as_bytes(), 5_000))
        .await
        .unwrap();
    let name = name_of(&spec).replace("uploads", "operations");
    let states = watch(&world, &name, 0).await.unwrap();
    assert_eq!(states.len(), 1);
    check(&states, SUCCEEDED);
    let newest = states[0].seq;
    assert_eq!(
        watch(&world, &name, newest).await.unwrap(),
        states,
        "a client that lost the terminal state can request it again"
    );
    let refused = watch(&world, &name, newest + 1).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::OutOfRange, "FUTURE_SEQ")
    );
    assert_eq!(
        metadata(&watch(&world, &name, -1).await.unwrap_err(), "field"),
        "after_seq"
    );
    let none = "operations/018f2f6e-7b1a-7c3d-8e4f-0123456789ab";
    assert_eq!(
        watch(&world, none, 0).await.unwrap_err().code(),
        Code::NotFound
    );
    assert_eq!(
        watch(&world, "operations/x", 0).await.unwrap_err().code(),
        Code::InvalidArgument
    );
}

#[tokio::test]
async fn a_hundred_watchers_see_a_cancelled_upload_end() {
    let world = std::sync::Arc::new(World::start().await);
    let spec = spec("d");
    world.send(vec![first(&spec, b"some text")]).await.unwrap();
    let name = name_of(&spec).replace("uploads", "operations");
    let watchers = (0..100).map(|_| {
        let (world, name) = (std::sync::Arc::clone(&world), name.clone());
        tokio::spawn(async move { watch(&world, &name, 0).await.unwrap() })
    });
    let watchers = watchers.collect::<Vec<_>>();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    world
        .uploads()
        .cancel_upload(pb::CancelUploadRequest {
            name: name_of(&spec),
        })
        .await
        .unwrap();
    for watcher in watchers {
        check(&watcher.await.unwrap(), CANCELLED);
    }
}

/// An action of a client on an upload that may have ended.
#[derive(Clone, Copy, Debug)]
enum Action {
    GoOn,
    StartAgain,
    CancelUpload,
    CancelOperation,
}

/// A5: an operation leaves RUNNING once. An action on an ended operation is refused, except that a client may
/// request the result of a success again.
#[tokio::test]
async fn an_operation_ends_once() {
    use Action::{CancelOperation, CancelUpload, GoOn, StartAgain};

    let world = World::start().await;
    for end in ["succeeded", "failed", "cancelled"] {
        for action in [GoOn, StartAgain, CancelUpload, CancelOperation] {
            let spec = spec(&format!("{end}-{action:?}"));
            let ended = match end {
                "succeeded" => world
                    .send(vec![last(first(&spec, b"text"))])
                    .await
                    .map(drop),
                "failed" => world
                    .send(vec![last(first(&spec, b"\xFF"))])
                    .await
                    .map(drop),
                _ => {
                    world.send(vec![first(&spec, b"text")]).await.unwrap();
                    act(&world, &spec, CancelUpload).await
                }
            };
            assert_eq!(ended.is_err(), end == "failed");
            let name = name_of(&spec).replace("uploads", "operations");
            let before = watch(&world, &name, 0).await.unwrap();
            let told = act(&world, &spec, action).await;
            if end == "succeeded" && matches!(action, GoOn | StartAgain) {
                told.unwrap();
            } else {
                let told = told.unwrap_err();
                let case = format!("{action:?} of an upload that has {end}");
                assert_eq!(
                    (told.code(), reason(&told).as_str()),
                    (Code::FailedPrecondition, "UPLOAD_ENDED"),
                    "{case}"
                );
            }
            assert_eq!(
                watch(&world, &name, 0).await.unwrap(),
                before,
                "the end does not change"
            );
        }
    }
}

async fn act(world: &World, spec: &pb::UploadSpec, action: Action) -> Result<(), Status> {
    let name = name_of(spec);
    match action {
        Action::GoOn => world.send(vec![resumed(&name, 0, b"text")]).await.map(drop),
        Action::StartAgain => world.send(vec![first(spec, b"text")]).await.map(drop),
        Action::CancelUpload => {
            let request = pb::CancelUploadRequest { name };
            world.uploads().cancel_upload(request).await.map(drop)
        }
        Action::CancelOperation => {
            let name = name.replace("uploads", "operations");
            let request = pb::CancelOperationRequest { name };
            let mut client = OperationServiceClient::new(world.channel.clone());
            client.cancel_operation(request).await.map(drop)
        }
    }
}
