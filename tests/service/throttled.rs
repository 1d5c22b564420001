//! Throttling per address: excess data waits unread, is answered later, and is still owed after a reconnect.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tonic::Status;
use tonic::transport::Channel;

use crate::support::frames::Attack;
use crate::support::world::{World, connect};

/// A budget low enough for a test to exceed.
const CALLS_PER_SECOND: u32 = 20;
/// The pings that an attacker sends on each of its connections at most. The attack ends earlier if the server reads
/// too little of them in time.
const FRAMES: usize = 20_000;
const ATTACKERS: usize = 8;
const ATTACK_MAX: Duration = Duration::from_secs(2);
/// The address of the attackers, which has a budget of its own.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// An answer to a ping: a frame of type 6 with 8 bytes and the ACK flag (RFC 9113 §6.7).
const PONG: &[u8] = &[0, 0, 8, 6, 1, 0, 0, 0, 0];
/// Far less than an attacker waits, and longer than a call takes on a busy machine.
const SOON: Duration = Duration::from_secs(4);

/// Starts a server with this budget of calls per second and address.
async fn world(calls_per_second: u32) -> World {
    World::start_with(|config| {
        config.server.calls_per_address_per_second_max = calls_per_second;
    })
    .await
}

async fn call(channel: &Channel) -> Result<(), Status> {
    let request = pb::GetCollectionRequest {
        name: "collections/c".to_owned(),
    };
    let mut client = CollectionServiceClient::new(channel.clone());
    client.get_collection(request).await.map(|_| ())
}

/// Floods the server with pings from [`ELSEWHERE`]. Returns each connection with the number of pings sent on it.
async fn floods(server: SocketAddr) -> Vec<(TcpStream, usize)> {
    let mut floods = JoinSet::new();
    for _ in 0..ATTACKERS {
        floods.spawn(Attack::Pings.run(ELSEWHERE, server, FRAMES, ATTACK_MAX));
    }
    floods.join_all().await
}

/// Reads for one second, and returns the bytes received.
async fn heard(stream: &mut TcpStream) -> Vec<u8> {
    let mut answers = Vec::new();
    let reading = stream.read_to_end(&mut answers);
    let _still_open = tokio::time::timeout(Duration::from_secs(1), reading).await;
    answers
}

#[tokio::test]
async fn calls_beyond_the_budget_wait_and_are_answered() {
    let world = world(CALLS_PER_SECOND).await;
    let begun = Instant::now();
    for _ in 0..80 {
        call(&world.channel).await.unwrap();
    }
    let (took, least) = (begun.elapsed(), Duration::from_secs(3));
    assert!(took >= least, "80 calls, 20 a second: {took:?}");
}

/// No connection is skipped, however many wait at once: each is served in turn.
#[tokio::test]
async fn many_connections_that_wait_at_once_are_all_answered() {
    let world = world(CALLS_PER_SECOND).await;
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

/// A flooding address is read within its budget, and its debt outlives its connection. Other addresses are served as
/// before. A server that stops does not wait for the unread data.
#[tokio::test]
async fn a_flood_is_throttled_and_its_debt_outlives_its_connection() {
    let world = world(CALLS_PER_SECOND).await;
    let address = world.instance.address;
    let mut floods = floods(address).await;
    let (stream, sent) = &mut floods[0];
    let answers = heard(stream).await;
    let pongs = answers.windows(PONG.len()).filter(|bytes| *bytes == PONG);
    let pongs = pongs.count();
    assert!(pongs > 0, "the first pings are answered");
    assert!(pongs < *sent / 2, "{pongs} of {sent} at once");
    drop(floods);
    let again = Attack::Pings.run(ELSEWHERE, address, 1, ATTACK_MAX);
    let (mut again, _) = again.await;
    assert_eq!(heard(&mut again).await, b"", "the address is still in debt");
    let other = connect(&format!("http://{address}"));
    let answered = tokio::time::timeout(SOON, call(&other)).await;
    answered
        .expect("another address has a budget of its own")
        .unwrap();
    let World { instance, .. } = world;
    let stopping = tokio::spawn(instance.stop());
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(SOON, again.read_to_end(&mut rest));
    // Reset or closed: both end the connection.
    let _how = ended.await.expect("the connection is still open");
    stopping.await.unwrap().unwrap();
}

/// Calls sent before the server stops are answered, although they wait unread.
#[tokio::test]
async fn calls_that_wait_during_shutdown_are_answered() {
    // More calls than one read returns, which is worth about two seconds of the budget.
    let world = world(60).await;
    let mut callers = JoinSet::new();
    for _ in 0..200 {
        let channel = world.channel.clone();
        callers.spawn(async move { call(&channel).await });
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut answers = Vec::new();
    while let Some(answer) = callers.try_join_next() {
        answers.push(answer.unwrap());
    }
    let World { instance, .. } = world;
    let stopping = tokio::spawn(instance.stop());
    assert!(answers.len() < 200, "some calls are waiting");
    answers.extend(callers.join_all().await);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    stopping.await.unwrap().unwrap();
}
