//! Watching many operations at once: a snapshot of all, then the states of each until its end, sent once.

use std::collections::HashMap;
use std::time::Instant;

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::operation_service_client::OperationServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Streaming};

use crate::redis_server::Redis;
use crate::support::fleet::{AT_ONCE, Fleet, Going, LATE_MAX};
use crate::support::world::{World, first, last, metadata, name_of, spec};

const RUNNING: i32 = 1;
const SUCCEEDED: i32 = 2;
const CANCELLED: i32 = 4;

/// A stream of operations, and its content until now.
struct Overview {
    stream: Streaming<pb::WatchOperationsResponse>,
    /// The newest state of each operation.
    states: HashMap<String, pb::Operation>,
    /// The number of messages, and the number of operations in the largest one.
    messages: usize,
    fullest: usize,
}

impl Overview {
    /// Opens a stream, and reads its snapshot.
    async fn open(channel: &Channel, states: &[i32], collection: &str) -> Self {
        let request = pb::WatchOperationsRequest {
            states: states.to_vec(),
            collection: collection.to_owned(),
        };
        let mut client = OperationServiceClient::new(channel.clone());
        let stream = client.watch_operations(request).await.unwrap();
        let mut overview = Self {
            stream: stream.into_inner(),
            states: HashMap::new(),
            messages: 0,
            fullest: 0,
        };
        while !overview.next().await {}
        overview
    }

    /// Reads a message, and returns whether it completes the snapshot.
    ///
    /// Each state must be newer than the last one of its operation, and no state may follow an end.
    async fn next(&mut self) -> bool {
        let message = self.stream.message().await.unwrap().unwrap();
        self.messages += 1;
        self.fullest = self.fullest.max(message.operations.len());
        for operation in message.operations {
            let newest = operation.clone();
            if let Some(before) = self.states.insert(operation.name.clone(), operation) {
                assert!(before.state == RUNNING, "{newest:?} after {before:?}");
                assert!(before.seq < newest.seq, "{newest:?} after {before:?}");
            }
        }
        message.snapshot_complete
    }

    /// Reads messages until the operation is in a state, within `most`.
    async fn until(&mut self, operation: &str, state: i32, most: std::time::Duration) {
        let began = Instant::now();
        let is_there = |overview: &Self| {
            let known = overview.states.get(operation);
            known.is_some_and(|known| known.state == state)
        };
        while !is_there(self) {
            let next = tokio::time::timeout(most, self.next()).await;
            assert!(
                !next.expect("the state is sent in time"),
                "the snapshot is complete already"
            );
        }
        assert!(began.elapsed() < most, "{:?}", began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_of_all_instances_are_sent_until_they_end() {
    let redis = Redis::start();
    let linked = Fleet::sharing(&redis).await;
    let alone = Fleet::start(&[], &[]).await;
    for (fleet, most) in [(linked, AT_ONCE), (alone, LATE_MAX)] {
        let (a, b) = (fleet.a.channel(), fleet.b.channel());
        let other = pb::CreateCollectionRequest {
            collection_id: "c2".to_owned(),
            ..Default::default()
        };
        let mut collections = CollectionServiceClient::new(a.clone());
        collections.create_collection(other).await.unwrap();
        let before = Going::begin(&a, "before").await;
        let mut all = Overview::open(&b, &[], "").await;
        assert_eq!(all.states[&before.operation].state, RUNNING);
        let mut running = Overview::open(&b, &[RUNNING], "collections/c").await;
        assert_eq!(running.states.len(), 1);
        let mut others = Overview::open(&b, &[], "collections/c2").await;
        assert!(
            others.states.is_empty(),
            "no operation of collections/c is sent"
        );
        let ended = before.operation.clone();
        before.finish().await;
        all.until(&ended, SUCCEEDED, most).await;
        running.until(&ended, SUCCEEDED, most).await;
        let mut after = Going::begin(&a, "after").await;
        after.go_on().await;
        all.until(&after.operation, RUNNING, most).await;
        running.until(&after.operation, RUNNING, most).await;
        let ended = after.operation.clone();
        after.finish().await;
        all.until(&ended, SUCCEEDED, most).await;
        running.until(&ended, SUCCEEDED, most).await;
        let elsewhere = Going::begin_in(&a, "c2", "elsewhere").await;
        others.until(&elsewhere.operation, RUNNING, most).await;
        assert_eq!(others.states.len(), 1);
        assert_eq!(running.states.len(), 2);
        // A filter by an end state also returns operations that ended earlier.
        let successes = Overview::open(&b, &[SUCCEEDED], "").await;
        assert_eq!(successes.states.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_operations_are_sent_in_pages_and_each_end_once() {
    const MANY: usize = 250;
    let world = World::start().await;
    let specs = (0..MANY).map(|number| spec(&number.to_string()));
    let specs = specs.collect::<Vec<_>>();
    for spec in &specs {
        world.send(vec![first(spec, b"text")]).await.unwrap();
    }
    let mut overview = Overview::open(&world.channel, &[], "").await;
    assert_eq!(overview.states.len(), MANY);
    assert!(overview.messages >= 3 && overview.fullest <= 100);
    for spec in &specs {
        let name = name_of(spec);
        let request = pb::CancelUploadRequest { name };
        world.uploads().cancel_upload(request).await.unwrap();
    }
    let ended = |overview: &Overview| {
        let mut states = overview.states.values();
        states.all(|operation| operation.state == CANCELLED)
    };
    while !ended(&overview) {
        overview.next().await;
    }
    // After the next poll of the rows, no state is sent again.
    let began = Instant::now();
    while began.elapsed() < LATE_MAX {
        let told = tokio::time::timeout(LATE_MAX, overview.stream.message()).await;
        assert!(told.is_err(), "{told:?}");
    }
    let spec = spec("new");
    let whole = vec![last(first(&spec, b"text"))];
    world.send(whole).await.unwrap();
    let operation = name_of(&spec).replace("uploads", "operations");
    overview.until(&operation, SUCCEEDED, AT_ONCE).await;
}

#[tokio::test]
async fn an_invalid_filter_is_refused_by_its_field() {
    let world = World::start().await;
    let mut client = OperationServiceClient::new(world.channel.clone());
    for (states, collection, field) in [
        (vec![0], "", "states"),
        (vec![9], "", "states"),
        (vec![1; 5], "", "states"),
        (vec![], "c", "collection"),
    ] {
        let collection = collection.to_owned();
        let request = pb::WatchOperationsRequest { states, collection };
        let refused = client.watch_operations(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(metadata(&refused, "field"), field);
    }
}
