//! Attacks on the connection itself cost the server little, and do not affect other clients.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use crate::support::frames::Attack;
use crate::support::server::Server;
use crate::support::world::{Folder, create_collection, first, last, more, plain, rows, spec};

/// The number of frames of an attack.
const FRAMES: usize = 20_000;
/// The longest duration of an attack that the server does not end.
const ATTACK_MAX: Duration = Duration::from_secs(2);
/// The number of connections that attack at once.
const ATTACKERS: usize = 8;
/// The address of the attackers. Limits count by address, so the well-behaved client uses another one.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// The most memory that all attackers may add, in KiB: the windows and buffers of their connections.
const GROWTH_KIB_MAX: u64 = 24 * 1024;

/// The longest time until the server has closed connections that are idle for 3 s, even on a busy machine.
const GONE_MAX: Duration = Duration::from_secs(30);

/// The outcome of an attack.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    /// Whether the server ended the connection.
    is_closed: bool,
    /// The number of frames that were sent.
    frames: usize,
    /// The server's error code (RFC 9113 §7). `None` means that it sent no GOAWAY.
    code: Option<u32>,
}

async fn outcome(attack: Attack, server: SocketAddr) -> Outcome {
    let (mut stream, frames) = attack.run(ELSEWHERE, server, FRAMES, ATTACK_MAX).await;
    let mut said = Vec::new();
    let reading = stream.read_to_end(&mut said);
    let read = tokio::time::timeout(Duration::from_secs(3), reading).await;
    Outcome {
        is_closed: read.is_ok(),
        frames,
        code: goaway(&said),
    }
}

/// Returns the code of the first GOAWAY in a server's frames. `None` means that there is no GOAWAY.
fn goaway(mut said: &[u8]) -> Option<u32> {
    while let [a, b, c, kind, _, _, _, _, _, rest @ ..] = said {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let (payload, next) = rest.split_at_checked(length)?;
        if *kind == 7 {
            return Some(u32::from_be_bytes(payload.get(4..8)?.try_into().ok()?));
        }
        said = next;
    }
    None
}

/// Whether the server must end the connection because of the attack. It only has to withstand the others.
fn is_ended(attack: Attack) -> bool {
    !matches!(
        attack,
        Attack::Settings
            | Attack::Pings
            | Attack::LargeMessage
            | Attack::Bomb
            | Attack::SlowUpload
            | Attack::Idle
    )
}

fn address(server: &Server) -> SocketAddr {
    server.address.parse().unwrap()
}

/// Calls repeatedly until `over` is cancelled, and asserts that each call succeeds. Returns the number of calls.
async fn behave(channel: Channel, over: CancellationToken) -> u32 {
    let mut client = CollectionServiceClient::new(channel);
    let mut answered = 0;
    while !over.is_cancelled() {
        let request = pb::GetCollectionRequest {
            name: "collections/c".to_owned(),
        };
        client.get_collection(request).await.unwrap();
        answered += 1;
    }
    answered
}

#[tokio::test(flavor = "multi_thread")]
async fn attacks_on_the_connection_are_ended_and_cost_little() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("hostile.db"));
    create_collection(&server.channel()).await;
    for attack in Attack::ALL {
        let over = CancellationToken::new();
        let behaving = tokio::spawn(behave(server.channel(), over.clone()));
        let before = server.resident_kib();
        let attacking = (0..ATTACKERS).map(|_| tokio::spawn(outcome(attack, address(&server))));
        let attacking = attacking.collect::<Vec<_>>();
        let mut outcomes = Vec::new();
        for attacker in attacking {
            outcomes.push(attacker.await.unwrap());
        }
        let growth = server.resident_kib().saturating_sub(before);
        over.cancel();
        let answered = behaving.await.unwrap();
        let case = format!("{attack:?}: {outcomes:?}, {growth} KiB more, {answered} answers");
        assert!(growth < GROWTH_KIB_MAX, "{case}");
        assert!(answered > 0, "{case}");
        if is_ended(attack) {
            assert!(outcomes.iter().all(|outcome| outcome.is_closed), "{case}");
        }
        if attack == Attack::RapidReset {
            // The server sends ENHANCE_YOUR_CALM, or closes before a tenth of the frames is sent.
            let is_calmed = |outcome: &Outcome| outcome.code == Some(11) || outcome.frames < 2_000;
            assert!(outcomes.iter().all(is_calmed), "{case}");
        }
    }
    assert!(server.peak_kib() < 100_000, "{} KiB", server.peak_kib());
}

/// A thousand connections: a quarter send nothing, and the others send an incomplete preface or request.
#[tokio::test(flavor = "multi_thread")]
async fn connections_without_a_request_are_closed() {
    let folder = Folder::new();
    let settings = [("SLUICE_SERVER__FIRST_REQUEST_SECONDS_MAX", "3")];
    let server = Server::start_with(folder.0.join("idle.db"), &settings);
    let (begun, address) = (Instant::now(), address(&server));
    let mut silent = Vec::new();
    for number in 0..1_000 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let said: &[u8] = match number % 4 {
            0 => b"",
            1 => b"PRI * HT",
            2 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
            _ => b"GET /healthz HTTP/1.1\r\nhost: 127.0",
        };
        stream.write_all(said).await.unwrap();
        silent.push(stream);
    }
    let used = server.channel();
    create_collection(&used).await;
    for mut stream in silent {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(GONE_MAX, stream.read_to_end(&mut rest));
        // The server may reset or close the connection.
        let _how = ended.await.expect("the connection is still open");
    }
    assert!(begun.elapsed() < GONE_MAX, "{:?}", begun.elapsed());
    assert_eq!(
        behave_once(used).await,
        "collections/c",
        "a connection with a request stays open"
    );
}

async fn behave_once(channel: Channel) -> String {
    let request = pb::GetCollectionRequest {
        name: "collections/c".to_owned(),
    };
    let got = CollectionServiceClient::new(channel)
        .get_collection(request)
        .await;
    got.unwrap().into_inner().collection.unwrap().name
}

/// The server closes a connection that is no longer used, and the client reconnects by itself.
#[tokio::test(flavor = "multi_thread")]
async fn an_unused_connection_is_closed_and_its_client_reconnects() {
    let folder = Folder::new();
    let settings = [("SLUICE_SERVER__IDLE_SECONDS_MAX", "1")];
    let server = Server::start_with(folder.0.join("unused.db"), &settings);
    let channel = server.channel();
    create_collection(&channel).await;
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert_eq!(behave_once(channel.clone()).await, "collections/c");
    }
}

/// Connections of one address are limited, even if they send nothing.
#[tokio::test(flavor = "multi_thread")]
async fn connections_of_an_address_are_limited() {
    let folder = Folder::new();
    let settings = [("SLUICE_SERVER__CONNECTIONS_PER_ADDRESS_MAX", "20")];
    let server = Server::start_with(folder.0.join("many.db"), &settings);
    let mut open = Vec::new();
    for _ in 0..50 {
        open.push(TcpStream::connect(address(&server)).await.unwrap());
    }
    let mut refused = 0;
    for stream in &mut open {
        let mut byte = [0];
        let read = tokio::time::timeout(Duration::from_millis(100), stream.read(&mut byte));
        refused += u32::from(read.await.is_ok());
    }
    assert_eq!(refused, 30);
    drop(open);
    // The server first has to notice that the connections have ended.
    let (begun, mut is_answered) = (Instant::now(), false);
    while !is_answered && begun.elapsed() < GONE_MAX {
        let request = pb::ListCollectionsRequest::default();
        let mut client = CollectionServiceClient::new(server.channel());
        is_answered = client.list_collections(request).await.is_ok();
    }
    assert!(is_answered, "connections are still refused");
}

/// An upload of 100,000 messages of one byte each is legitimate, although slow.
#[tokio::test(flavor = "multi_thread")]
async fn messages_of_one_byte_are_accepted() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("bytes.db"));
    create_collection(&server.channel()).await;
    let text = "one byte each. ".repeat(100_000 / 15);
    let upload = spec("d");
    let messages = text
        .bytes()
        .zip(0_i64..)
        .map(|(byte, at)| more(at, &[byte]));
    let mut messages = messages.collect::<Vec<_>>();
    messages[0] = first(&upload, &text.as_bytes()[..1]);
    let end = messages.pop().unwrap();
    messages.push(last(end));
    let mut client = pb::upload_service_client::UploadServiceClient::new(server.channel());
    let sent = client.upload_document(tokio_stream::iter(messages)).await;
    let document = sent.unwrap().into_inner().upload.unwrap().document;
    let stored = rows(&server.channel(), &document, None, false)
        .await
        .unwrap();
    let stored = plain(&stored).into_iter().map(|(_, _, _, text)| text);
    assert_eq!(stored.collect::<String>(), text);
}
