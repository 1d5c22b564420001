//! What an address says beyond its calls waits, is answered then, and is not forgotten.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tonic::Status;
use tonic::transport::Channel;

use crate::frames::Attack;
use crate::world::{World, connect};

/// So few that a test goes beyond them.
const CALLS_PER_SECOND: u32 = 20;
/// Of an attack: far beyond them, on so many connections, until nothing is taken any more.
const FRAMES: usize = 20_000;
const ATTACKERS: usize = 8;
const ATTACK_MAX: Duration = Duration::from_secs(2);
/// Where attackers are: each address has a budget of its own.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// The head of a frame and eight bytes.
const PONG_BYTES: usize = 17;

async fn world() -> World {
    let few = |config: &mut sluice::config::Config| {
        config.server.calls_per_address_per_second_max = CALLS_PER_SECOND;
    };
    World::start_with(few).await
}

async fn call(channel: &Channel) -> Result<(), Status> {
    let request = pb::GetCollectionRequest {
        name: "collections/c".to_owned(),
    };
    let mut client = CollectionServiceClient::new(channel.clone());
    client.get_collection(request).await.map(|_| ())
}

/// Floods from elsewhere: their connections, and how many pings were sent on each.
async fn floods(server: SocketAddr) -> Vec<(TcpStream, usize)> {
    let mut floods = JoinSet::new();
    for _ in 0..ATTACKERS {
        floods.spawn(Attack::Pings.run(ELSEWHERE, server, FRAMES, ATTACK_MAX));
    }
    floods.join_all().await
}

/// What comes in a second.
async fn heard(stream: &mut TcpStream) -> usize {
    let mut answers = Vec::new();
    let reading = stream.read_to_end(&mut answers);
    let _still_open = tokio::time::timeout(Duration::from_secs(1), reading).await;
    answers.len()
}

#[tokio::test]
async fn calls_beyond_the_budget_wait_and_are_answered() {
    let world = world().await;
    let begun = Instant::now();
    for _ in 0..80 {
        call(&world.channel).await.unwrap();
    }
    let (took, least) = (begun.elapsed(), Duration::from_secs(3));
    assert!(took >= least, "80 calls, 20 a second: {took:?}");
}

/// Nobody is passed over, however many wait at once: each has its turn after those before.
#[tokio::test]
async fn many_connections_that_wait_at_once_are_all_answered() {
    let world = world().await;
    let (begun, mut callers) = (Instant::now(), JoinSet::new());
    for _ in 0..30 {
        let channel = connect(&format!("http://{}", world.instance.address));
        callers.spawn(async move {
            for _ in 0..3 {
                call(&channel).await.unwrap();
            }
        });
    }
    callers.join_all().await;
    let (took, least) = (begun.elapsed(), Duration::from_secs(4));
    assert!(
        took >= least,
        "30 connections and 90 calls, 20 a second: {took:?}"
    );
}

/// Who floods is heard no more than who asks, and owes as much after it has gone and come back; others
/// are heard as before.
#[tokio::test]
async fn a_flood_waits_and_what_it_owes_outlives_its_connection() {
    let world = world().await;
    let mut floods = floods(world.instance.address).await;
    let (stream, sent) = &mut floods[0];
    let answered = heard(stream).await / PONG_BYTES;
    assert!(answered > 0, "the first are answered");
    assert!(answered < *sent / 2, "{answered} of {sent} at once");
    drop(floods);
    let again = Attack::Pings.run(ELSEWHERE, world.instance.address, 1, ATTACK_MAX);
    let (mut again, _) = again.await;
    assert_eq!(heard(&mut again).await, 0, "it is in debt");
    call(&world.channel).await.unwrap();
}

/// What was said before the server goes down is answered, though it waits unread; a flood holds nobody up.
#[tokio::test]
async fn who_waits_while_the_server_stops_is_answered() {
    let world = world().await;
    let _attackers = floods(world.instance.address).await;
    let mut callers = JoinSet::new();
    // More than its budget has left, and together less than may be owed.
    for _ in 0..4 * CALLS_PER_SECOND {
        let channel = world.channel.clone();
        callers.spawn(async move { call(&channel).await });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let World { instance, .. } = world;
    let stopping = tokio::spawn(instance.stop());
    let answers = callers.join_all().await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    stopping.await.unwrap().unwrap();
}
