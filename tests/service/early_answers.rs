//! Answers that end before their requests: a client that stops sending keeps its connection, and a client that keeps
//! sending is stopped.

use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Reason, RecvStream, SendStream};
use http::Request;
use tokio::net::TcpStream;

use crate::clients::{NODE, PYTHON, TOOLS, output};
use crate::support::proxy::Proxy;
use crate::support::world::World;

/// The calls of each kind: about four times as many as the resets that a connection survives.
const CALLS: &str = "1000";
/// The calls of a kind whose uploads are committed. They are fewer because each waits for the disk.
const COMMITS: &str = "30";
/// The number of streams that the server resets on one connection before it closes it.
const FAULTS_MAX: usize = 256;
/// The largest number of calls on one connection. A call counts if a frame meets its stream after the reset. On a busy
/// machine most clients see the reset before they send such a frame.
const CALLS_MAX: usize = 16 * FAULTS_MAX;
/// The most bytes that a client can send after the answer: the bytes that the server drains, and those in transit.
const SENT_MAX: usize = 2 * 256 * 1024 + 64 * 1024;

/// Runs a client that makes calls of each kind on one channel, and asserts the number of its connections.
async fn check(client: impl FnOnce(&str) -> Command, connections: u64) {
    let world = World::start().await;
    let proxy = Proxy::before(world.instance.address.to_string()).await;
    let done = output(client(&proxy.address)).await;
    let complaints = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{complaints}");
    let kinds = String::from_utf8(done.stdout).unwrap();
    assert_eq!(kinds.lines().count(), 7, "{kinds}");
    // After a GOAWAY the client would have opened another connection.
    assert_eq!(proxy.accepted.load(Ordering::Relaxed), connections);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_client_that_stops_on_the_answer_keeps_its_connection() {
    let client = |address: &str| {
        let mut command = Command::new(PYTHON);
        command
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/service/early.py"
            ))
            .args([address, CALLS, COMMITS])
            .env("PYTHONPATH", format!("{TOOLS}/stubs"))
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    };
    check(client, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_client_that_stops_on_the_answer_keeps_its_connection() {
    let client = |address: &str| {
        let mut command = Command::new(NODE);
        command
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/service/early.mjs"
            ))
            .args([address, CALLS, COMMITS])
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/clients/node/package.json"
            ));
        command
    };
    check(client, 1).await;
}

async fn connect(world: &World) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(world.instance.address).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Calls an unknown method. Its request stays open after the answer has ended.
async fn refused(
    client: &mut SendRequest<Bytes>,
    world: &World,
) -> (SendStream<Bytes>, RecvStream) {
    let url = format!("http://{}/sluice.v1.No/Such", world.instance.address);
    let request = Request::post(url)
        .header("content-type", "application/grpc")
        .body(())
        .unwrap();
    let (answer, sending) = client.send_request(request, false).unwrap();
    let (head, rest) = answer.await.unwrap().into_parts();
    assert_eq!(head.headers["grpc-status"], "12");
    assert!(
        rest.is_end_stream(),
        "the answer does not wait for the request"
    );
    (sending, rest)
}

/// Sends as fast as flow control permits until the stream is reset. Returns the number of bytes sent, and the reason.
/// Fails if the connection ends.
async fn pour(sending: &mut SendStream<Bytes>) -> Result<(usize, Reason), h2::Error> {
    let piece = Bytes::from_static(&[0; 16 * 1024]);
    let mut sent = 0;
    loop {
        sending.reserve_capacity(piece.len());
        let capacity = std::future::poll_fn(|context| {
            if let std::task::Poll::Ready(reset) = sending.poll_reset(context) {
                return std::task::Poll::Ready(Err(reset));
            }
            sending.poll_capacity(context).map(|capacity| {
                let capacity = capacity.and_then(Result::ok);
                Ok(capacity.unwrap_or_default())
            })
        });
        match capacity.await {
            Ok(capacity) => {
                let part = piece.slice(..capacity.min(piece.len()));
                sent += part.len();
                sending.send_data(part, false)?;
            }
            Err(reset) => return reset.map(|reason| (sent, reason)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_keeps_sending_is_stopped() {
    let world = World::start().await;
    let mut client = connect(&world).await.ready().await.unwrap();
    let (mut sending, _answer) = refused(&mut client, &world).await;
    let (sent, reason) = pour(&mut sending).await.unwrap();
    assert_eq!(reason, Reason::NO_ERROR);
    assert!((256 * 1024..=SENT_MAX).contains(&sent), "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_client_that_leaves_its_request_open_is_reset() {
    let world = World::start().await;
    let mut client = connect(&world).await.ready().await.unwrap();
    let (mut sending, _answer) = refused(&mut client, &world).await;
    let reset = std::future::poll_fn(|context| sending.poll_reset(context));
    let reset = tokio::time::timeout(Duration::from_secs(20), reset).await;
    assert_eq!(reset.unwrap().unwrap(), Reason::NO_ERROR);
}

/// Sends into call after call until the connection ends. Returns the number of calls.
async fn pour_until_the_connection_ends(world: &World) -> usize {
    let mut client = connect(world).await;
    for calls in 0..CALLS_MAX {
        let Ok(ready) = client.ready().await else {
            return calls;
        };
        client = ready;
        let url = format!("http://{}/sluice.v1.No/Such", world.instance.address);
        let request = Request::post(url)
            .header("content-type", "application/grpc")
            .body(())
            .unwrap();
        let (answer, mut sending) = client.send_request(request, false).unwrap();
        if answer.await.is_err() || pour(&mut sending).await.is_err() {
            return calls;
        }
    }
    CALLS_MAX
}

/// The client's last frames may meet a closed socket, so it may not receive the GOAWAY itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_keeps_sending_after_every_answer_loses_its_connection() {
    let world = World::start().await;
    let calls = pour_until_the_connection_ends(&world).await;
    // A frame that meets a stream after its reset counts as well.
    assert!((FAULTS_MAX / 2..CALLS_MAX).contains(&calls), "{calls}");
}
