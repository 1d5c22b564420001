//! gRPC-web calls of browsers: unary calls and server streams over HTTP/1.1, with the status in the last frame.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use sluice::interface::grpc::pb;

use crate::support::watcher::begun;
use crate::support::world::{World, last, name_of, resumed};
use crate::web::request;

const GOOD: &str = "https://good.example";

/// A response: its head and its trailers as text, and its messages.
struct Answer {
    head: String,
    messages: Vec<Vec<u8>>,
    trailers: String,
}

async fn call(
    address: SocketAddr,
    method: &str,
    content_type: &str,
    message: &impl Message,
) -> Answer {
    let is_text = content_type.contains("-text");
    let encoded = message.encode_to_vec();
    let mut body = vec![0];
    body.extend(u32::try_from(encoded.len()).unwrap().to_be_bytes());
    body.extend(encoded);
    if is_text {
        body = STANDARD.encode(body).into_bytes();
    }
    let headers = [
        ("content-type", content_type),
        ("accept", content_type),
        ("origin", GOOD),
        ("x-grpc-web", "1"),
        ("x-request-id", "page-1"),
    ];
    let line = format!("POST /sluice.v1.{method}");
    let response = request(address, &line, &headers, &body).await;
    let end = response
        .windows(4)
        .position(|bytes| bytes == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8(response[..end].to_vec())
        .unwrap()
        .to_lowercase();
    let body = unchunked(&head, &response[end + 4..]);
    let body = if is_text { decoded(&body) } else { body };
    let (mut rest, mut messages, mut trailers) = (body.as_slice(), Vec::new(), String::new());
    while let [flag, a, b, c, d, more @ ..] = rest {
        let bytes = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let (frame, next) = more.split_at(bytes);
        match flag {
            0 => messages.push(frame.to_vec()),
            0x80 => trailers.push_str(str::from_utf8(frame).unwrap()),
            other => unreachable!("flag {other}"),
        }
        rest = next;
    }
    assert!(rest.is_empty());
    Answer {
        head,
        messages,
        trailers,
    }
}

/// Returns the body without the chunked transfer encoding of HTTP/1.1.
fn unchunked(head: &str, mut body: &[u8]) -> Vec<u8> {
    if !head.contains("transfer-encoding: chunked") {
        return body.to_vec();
    }
    let mut whole = Vec::new();
    loop {
        let end = body.windows(2).position(|bytes| bytes == b"\r\n").unwrap();
        let bytes = usize::from_str_radix(str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        if bytes == 0 {
            return whole;
        }
        whole.extend(&body[end + 2..end + 2 + bytes]);
        body = &body[end + 4 + bytes..];
    }
}

/// Decodes pieces of base64, each with its own padding.
fn decoded(text: &[u8]) -> Vec<u8> {
    let pieces = text.chunks(4).map(|piece| STANDARD.decode(piece).unwrap());
    pieces.collect::<Vec<_>>().concat()
}

async fn world() -> World {
    World::start_with(|config| config.web.origins = vec![GOOD.to_owned()]).await
}

#[tokio::test]
async fn a_page_calls_and_receives_streams_in_both_encodings() {
    let world = world().await;
    let (upload, name) = begun(&world, "d").await;
    let end = last(resumed(&name_of(&upload), 0, b"some text"));
    world.send(vec![end]).await.unwrap();
    for content_type in ["application/grpc-web+proto", "application/grpc-web-text"] {
        let get = pb::GetOperationRequest { name: name.clone() };
        let got = call(
            world.instance.address,
            "OperationService/GetOperation",
            content_type,
            &get,
        )
        .await;
        let found = pb::GetOperationResponse::decode(got.messages[0].as_slice()).unwrap();
        assert_eq!(found.operation.unwrap().name, name);
        assert!(got.trailers.contains("grpc-status:0"), "{}", got.trailers);
        assert!(
            got.head
                .contains(&format!("access-control-allow-origin: {GOOD}")),
            "{}",
            got.head
        );
        assert!(got.head.contains("x-request-id: page-1"), "{}", got.head);
        assert!(
            got.head.contains(&format!(
                "content-type: {}",
                content_type
                    .replace("-text", "-text+proto")
                    .replace("+proto+proto", "+proto")
            )),
            "{}",
            got.head
        );
        for header in [
            "grpc-status",
            "grpc-message",
            "grpc-status-details-bin",
            "x-request-id",
        ] {
            let exposed = got
                .head
                .lines()
                .find(|line| line.starts_with("access-control-expose-headers"));
            assert!(exposed.unwrap().contains(header), "{}", got.head);
        }
        let watch = pb::WatchOperationRequest {
            name: name.clone(),
            after_seq: 0,
        };
        let watched = call(
            world.instance.address,
            "OperationService/WatchOperation",
            content_type,
            &watch,
        )
        .await;
        let states = watched
            .messages
            .iter()
            .map(|message| pb::WatchOperationResponse::decode(message.as_slice()).unwrap());
        let states = states
            .map(|state| state.operation.unwrap().state())
            .collect::<Vec<_>>();
        assert_eq!(states, [pb::operation::State::Succeeded]);
        assert!(
            watched.trailers.contains("grpc-status:0"),
            "{}",
            watched.trailers
        );
    }
}

#[tokio::test]
async fn a_page_can_read_the_reason_of_a_refused_call() {
    let world = world().await;
    let get = pb::GetOperationRequest {
        name: "operations/x".to_owned(),
    };
    let refused = call(
        world.instance.address,
        "OperationService/GetOperation",
        "application/grpc-web",
        &get,
    )
    .await;
    let told = format!("{}\r\n{}", refused.head, refused.trailers).replace(": ", ":");
    assert!(
        told.contains("grpc-status:3") && told.contains("grpc-status-details-bin:"),
        "{told}"
    );
    assert!(
        refused
            .head
            .contains(&format!("access-control-allow-origin: {GOOD}")),
        "{}",
        refused.head
    );
    let unknown = call(
        world.instance.address,
        "OperationService/Nothing",
        "application/grpc-web",
        &get,
    )
    .await;
    let told = format!("{}\r\n{}", unknown.head, unknown.trailers).replace(": ", ":");
    assert!(told.contains("grpc-status:12"), "{told}");
}
