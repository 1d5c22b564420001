//! WebSockets as a resource: slow readers, silent clients, too many sockets, and their memory.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use sluice::interface::web::close_code::Close;
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::support::server::Server;
use crate::support::watcher::{Heard, Watcher, begun};
use crate::support::world::{Folder, World, create_collection, first, name_of, spec};
use crate::web::get;

#[tokio::test]
async fn a_server_that_stops_sends_goodbye_and_does_not_wait_for_clients() {
    let world = World::start().await;
    let (_, name) = begun(&world, "d").await;
    let mut watchers = Vec::new();
    for _ in 0..5 {
        let mut watcher = Watcher::open(world.instance.address).await;
        watcher.subscribe(&name, 0).await;
        watcher.state().await;
        watchers.push(watcher);
    }
    // A client that no longer reads.
    let deaf = watchers.pop();
    let stopped = tokio::spawn(tokio::time::timeout(
        Duration::from_secs(10),
        world.instance.stop(),
    ));
    for mut watcher in watchers {
        let goodbye = watcher.frame().await;
        assert_eq!(goodbye["type"], "goodbye", "{goodbye}");
        assert!(goodbye["reconnect_after_ms"].as_u64().unwrap() < 5_000);
        assert_eq!(watcher.closed().await, Close::Draining.code());
        assert!(matches!(watcher.hear().await, Heard::Cut));
    }
    let stopped = stopped.await.unwrap();
    stopped.expect("the server stops at once").unwrap();
    drop(deaf);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_disconnected_and_no_other_client() {
    let world = World::start_with(|config| {
        config.web.slow_reader_seconds_max = 1;
        // Otherwise a busy machine could close the socket for its silence.
        config.web.ping_every_seconds = 600;
    })
    .await;
    let address = world.instance.address;
    let (_, name) = begun(&world, "d").await;
    let mut other = Watcher::open(address).await;
    other.subscribe(&name, 0).await;
    other.state().await;
    let mut slow = Watcher::open(address).await;
    let before = slow_closed(address).await;
    let unsubscribe = json!({ "type": "unsubscribe", "operation": name }).to_string();
    // Each frame is answered with an error, which the client does not read. In the end the server stops reading too.
    let flood = async { while slow.send(Message::text(&unsubscribe)).await.is_ok() {} };
    let closed = async {
        while slow_closed(address).await == before {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let patience = Duration::from_mins(2);
    let done = tokio::time::timeout(patience, async {
        tokio::select! { () = flood => {}, () = closed => {} }
    });
    done.await.expect("the slow reader is closed");
    // Buffered frames are read to the end. The close code follows only if there was room for it.
    loop {
        match slow.hear().await {
            Heard::Frame(_) => {}
            Heard::Closed(code) => {
                assert_eq!(code, Close::Slow.code());
                break;
            }
            Heard::Cut => break,
        }
    }
    assert!(slow_closed(address).await > before);
    assert!(other.is_quiet().await, "the other watcher is served");
}

/// Returns the number of slow readers that were disconnected in this process until now.
async fn slow_closed(address: SocketAddr) -> u64 {
    let metrics = get(address, "/metrics", &[]).await;
    let line = metrics.lines().find_map(|line| {
        line.strip_prefix("sluice_watch_slow_closed_total{transport=\"websocket\"} ")
    });
    line.map_or(0, |count| count.parse().unwrap())
}

#[tokio::test]
async fn a_client_that_does_not_answer_pings_is_disconnected() {
    let world = World::start_with(|config| {
        config.web.ping_every_seconds = 1;
        config.web.pong_seconds_max = 1;
    })
    .await;
    let mut silent = Watcher::open(world.instance.address).await;
    let mut other = Watcher::open(world.instance.address).await;
    // The library answers pings only while the socket is read. Here it answers three of them.
    let answering = async {
        let heard = tokio::time::timeout(Duration::from_millis(3_500), other.hear()).await;
        assert!(heard.is_err(), "{heard:?}");
    };
    answering.await;
    assert_eq!(silent.closed().await, Close::Silent.code());
    assert!(other.is_quiet().await);
}

#[tokio::test]
async fn sockets_are_limited_per_principal_and_per_instance() {
    let world = World::start_with(|config| {
        config.limits.concurrency.sockets = 2;
        config.web.sockets_max = 3;
    })
    .await;
    let address = world.instance.address;
    let mut first = Watcher::open(address).await;
    let mut second = Watcher::open(address).await;
    assert!(first.is_quiet().await && second.is_quiet().await);
    let mut third = Watcher::open(address).await;
    assert_eq!(third.refusal().await, "CONCURRENCY_LIMITED");
    // The refused socket still counts for the instance until its client closes it.
    let refused = Watcher::open_with(address, &[]).await.err().unwrap();
    assert_eq!(
        (refused.0, &refused.1["reason"]),
        (429, &json!("TOO_MANY_SOCKETS"))
    );
    assert_eq!(third.closed().await, Close::TooMany.code());
    drop((first, third));
    let back = async {
        loop {
            if let Ok(mut watcher) = Watcher::open_with(address, &[]).await
                && matches!(quiet_or_refused(&mut watcher).await, Some(true))
            {
                return;
            }
        }
    };
    let freed = tokio::time::timeout(Duration::from_secs(10), back).await;
    freed.expect("the slot is free again");
}

async fn quiet_or_refused(watcher: &mut Watcher) -> Option<bool> {
    let frame = match watcher.send(Message::text("{")).await {
        Ok(()) => watcher.hear().await,
        Err(_) => return None,
    };
    match frame {
        Heard::Frame(frame) => Some(frame["reason"] == "MESSAGE_UNREADABLE"),
        Heard::Closed(_) | Heard::Cut => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_watching_sockets_use_little_memory() {
    const SOCKETS: u64 = 1_000;
    /// Measured: 7,900 bytes, half of them for the subscription, in a debug build.
    const BYTES_MAX: u64 = 10 * 1024;
    let folder = Folder::new();
    let most = [
        ("SLUICE_LIMITS__CONCURRENCY__SOCKETS", "2000"),
        ("SLUICE_SERVER__CONNECTIONS_PER_ADDRESS_MAX", "2000"),
    ];
    let server = Server::start_with(folder.0.join("test.db"), &most);
    let address = server.address.parse::<SocketAddr>().unwrap();
    let channel = server.channel();
    create_collection(&channel).await;
    let mut names = Vec::new();
    for number in 0..100 {
        let spec = spec(&format!("d{number}"));
        let messages = tokio_stream::iter(vec![first(&spec, b"some text")]);
        let mut uploads =
            sluice::interface::grpc::pb::upload_service_client::UploadServiceClient::new(
                channel.clone(),
            );
        uploads.upload_document(messages).await.unwrap();
        names.push(name_of(&spec).replace("uploads", "operations"));
    }
    let open = async |count: u64| {
        let mut watchers = Vec::new();
        for name in names.iter().cycle().take(usize::try_from(count).unwrap()) {
            let mut watcher = Watcher::open(address).await;
            watcher.subscribe(name, 0).await;
            watcher.state().await;
            watchers.push(watcher);
        }
        // By now the rows have been polled again, and pools have their final size.
        tokio::time::sleep(Duration::from_secs(4)).await;
        watchers
    };
    let warm = open(100).await;
    let before = server.resident_kib();
    let watchers = open(SOCKETS).await;
    let each = server.resident_kib().saturating_sub(before) * 1024 / SOCKETS;
    assert!(each <= BYTES_MAX, "{each} bytes a socket");
    drop((warm, watchers));
}
