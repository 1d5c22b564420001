//! Watching operations over a WebSocket: frames, states and refusals.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};
use sluice::interface::web::close_code::Close;
use sluice::interface::web::ws_message;
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::clients::{NODE, buf_curl, output};
use crate::support::watcher::{Watcher, begun, seq};
use crate::support::world::{World, last, prose, resumed, spec, whole};

const TERMINAL: [&str; 3] = ["STATE_SUCCEEDED", "STATE_FAILED", "STATE_CANCELLED"];

fn is_terminal(state: &Value) -> bool {
    TERMINAL.contains(&state["state"].as_str().unwrap())
}

async fn finish(world: &World, upload: &str) {
    let end = last(resumed(upload, 0, b"some text"));
    world.send(vec![end]).await.unwrap();
}

#[tokio::test]
async fn a_socket_follows_an_upload_to_its_end_and_after() {
    let world = World::start().await;
    let (upload, name) = begun(&world, "d").await;
    let mut watcher = Watcher::open(world.instance.address).await;
    watcher
        .tell(json!({ "type": "authenticate", "token": "anything" }))
        .await;
    watcher.subscribe(&name, 0).await;
    let present = watcher.state().await;
    assert_eq!(
        (&present["name"], &present["state"]),
        (&json!(name), &json!("STATE_RUNNING"))
    );
    finish(&world, &crate::support::world::name_of(&upload)).await;
    let mut states = vec![present];
    while !is_terminal(states.last().unwrap()) {
        states.push(watcher.state().await);
    }
    assert!(
        states.is_sorted_by(|one, next| seq(one) < seq(next)),
        "{states:?}"
    );
    assert!(watcher.is_quiet().await, "the last state is sent once");
    // The last state also ended the subscription.
    watcher
        .tell(json!({ "type": "unsubscribe", "operation": name }))
        .await;
    assert_eq!(watcher.refusal().await, "NOT_FOUND");
    // A client that subscribes later, or knows the last state already, gets it too.
    let newest = states.last().unwrap();
    for after in [0, seq(newest)] {
        watcher.subscribe(&name, after).await;
        assert_eq!(watcher.state().await, *newest);
        assert!(watcher.is_quiet().await);
    }
    watcher.subscribe(&name, seq(newest) + 1).await;
    assert_eq!(watcher.refusal().await, "FUTURE_SEQ");
    watcher.subscribe(&name.replace('-', ""), 0).await;
    let refused = watcher.frame().await;
    assert_eq!(
        (&refused["reason"], &refused["field"]),
        (&json!("INVALID_FIELD"), &json!("operation"))
    );
    watcher
        .tell(json!({ "type": "authenticate", "token": "late" }))
        .await;
    assert_eq!(watcher.frame().await["field"], "type");
}

#[tokio::test]
async fn a_known_state_is_not_sent_again_until_there_is_a_newer_one() {
    let world = World::start().await;
    let (upload, name) = begun(&world, "d").await;
    let mut watcher = Watcher::open(world.instance.address).await;
    watcher.subscribe(&name, 0).await;
    let present = seq(&watcher.state().await);
    watcher.subscribe(&name, present).await;
    assert!(
        watcher.is_quiet().await,
        "a new subscription after a known state"
    );
    watcher
        .tell(json!({ "type": "unsubscribe", "operation": name }))
        .await;
    assert!(watcher.is_quiet().await);
    finish(&world, &crate::support::world::name_of(&upload)).await;
    assert!(watcher.is_quiet().await, "no subscription is left");
    watcher.subscribe(&name, present).await;
    assert!(is_terminal(&watcher.state().await));
}

#[tokio::test]
async fn one_socket_follows_a_hundred_operations_and_cancels_them() {
    let world = World::start().await;
    let mut watcher = Watcher::open(world.instance.address).await;
    let mut names = Vec::new();
    for number in 0..101 {
        names.push(begun(&world, &format!("d{number}")).await.1);
    }
    for name in &names[..100] {
        watcher.subscribe(name, 0).await;
        assert_eq!(watcher.state().await["name"], json!(name));
    }
    watcher.subscribe(&names[100], 0).await;
    assert_eq!(watcher.refusal().await, "TOO_MANY_SUBSCRIPTIONS");
    for name in &names {
        watcher
            .tell(json!({ "type": "cancel", "operation": name }))
            .await;
    }
    let mut ends = BTreeMap::<String, u32>::new();
    while ends.len() < 101 {
        let state = watcher.state().await;
        if is_terminal(&state) {
            assert_eq!(state["state"], "STATE_CANCELLED");
            *ends
                .entry(state["name"].as_str().unwrap().to_owned())
                .or_default() += 1;
        }
    }
    assert!(
        watcher.is_quiet().await && ends.values().all(|times| *times == 1),
        "{ends:?}"
    );
    watcher
        .tell(json!({ "type": "cancel", "operation": names[0] }))
        .await;
    let refused = watcher.frame().await;
    assert_eq!(
        (&refused["reason"], &refused["operation"]),
        (&json!("UPLOAD_ENDED"), &json!(names[0]))
    );
    watcher.subscribe(&names[100], 0).await;
    assert!(
        is_terminal(&watcher.state().await),
        "a subscription is free again"
    );
}

#[tokio::test]
async fn unreadable_frames_are_answered_and_then_the_socket_is_closed() {
    let world = World::start().await;
    let mut watcher = Watcher::open(world.instance.address).await;
    let wrong = |number| match number {
        0 => (Message::text("{"), "MESSAGE_UNREADABLE"),
        1 => (Message::binary(b"{}".to_vec()), "MESSAGE_UNREADABLE"),
        2 => (Message::text(r#"{"type":"follow"}"#), "INVALID_FIELD"),
        _ => (Message::text(r#"{"type":"subscribe"}"#), "INVALID_FIELD"),
    };
    // A readable frame in between resets the count of unreadable ones.
    for round in [4, 5] {
        for number in 0..round {
            let (message, reason) = wrong(number);
            watcher.send(message).await.unwrap();
            assert_eq!(watcher.refusal().await, reason);
        }
        assert!(round == 5 || watcher.is_quiet().await);
    }
    assert_eq!(watcher.closed().await, Close::Unreadable.code());
}

#[tokio::test]
async fn a_frame_is_limited_to_64_kib() {
    let world = World::start().await;
    let mut watcher = Watcher::open(world.instance.address).await;
    let frame = |bytes: usize| Message::text(format!("{{{}", " ".repeat(bytes - 1)));
    watcher.send(frame(65_536)).await.unwrap();
    assert_eq!(watcher.refusal().await, "MESSAGE_UNREADABLE");
    // The server may close the connection before the whole frame is sent.
    let _cut = watcher.send(frame(65_537)).await;
    assert_eq!(watcher.closed().await, Close::TooLarge.code());
}

/// The JSON has the same names and forms, and omits nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_state_equals_the_json_of_the_protos() {
    let world = World::start().await;
    let spec = spec("d");
    world
        .send(whole(&spec, prose(10_000).as_bytes(), 5_000))
        .await
        .unwrap();
    let name = crate::support::world::name_of(&spec).replace("uploads", "operations");
    let asked = json!({ "name": name }).to_string();
    let answered = buf_curl(&world, "OperationService/GetOperation", &asked).await;
    let mut watcher = Watcher::open(world.instance.address).await;
    watcher.subscribe(&name, 0).await;
    assert_eq!(watcher.state().await, answered[0]["operation"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_client_watches_to_the_end() {
    let world = World::start().await;
    let (upload, name) = begun(&world, "d").await;
    let url = format!("ws://{}/v1/ws", world.instance.address);
    let watching = |name: &str| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/web/watch.mjs");
        let mut command = Command::new(NODE);
        command.args([
            "--no-warnings",
            "--experimental-websocket",
            script,
            &url,
            name,
        ]);
        tokio::spawn(output(command))
    };
    let watcher = watching(&name);
    finish(&world, &crate::support::world::name_of(&upload)).await;
    let done = watcher.await.unwrap();
    let complaints = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{complaints}");
    let printed = String::from_utf8(done.stdout).unwrap();
    let end: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&end["name"], &end["state"]),
        (&json!(name), &json!("STATE_SUCCEEDED"))
    );
    let none = "operations/018f2f6e-7b1a-7c3d-8e4f-0123456789ab";
    let refused = watching(none).await.unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("NOT_FOUND"));
}

/// The document has the same frames and close codes as the code.
#[test]
fn the_page_has_every_frame_and_every_close_code() {
    let page = include_str!("../../docs/websocket.md");
    let first_cells = |heading: &str| {
        let (_, section) = page.split_once(&format!("## {heading}\n")).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
        let rows = rows
            .skip(2)
            .map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
        rows.collect::<Vec<_>>()
    };
    let names = |heading| {
        let rows = first_cells(heading);
        rows.iter()
            .map(|row| row[0].trim_matches('`').to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("From the client"), ws_message::ASKED);
    assert_eq!(names("From the server"), ws_message::TOLD);
    let codes = first_cells("Close codes");
    let codes = codes
        .iter()
        .map(|row| (row[0].parse().unwrap(), row[1]))
        .collect::<Vec<_>>();
    assert_eq!(codes, Close::ALL.map(|close| (close.code(), close.name())));
}
