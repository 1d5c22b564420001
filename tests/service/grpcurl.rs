//! Calls with the real grpcurl.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::world::{World, spec};

/// The path of grpcurl, which `scripts/setup` installs.
const GRPCURL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/bin/grpcurl");

async fn grpcurl(world: &World, arguments: &[&str], input: &str) -> (bool, String) {
    let mut command = Command::new(GRPCURL);
    command
        .arg("-plaintext")
        .args(["-format-error", "-emit-defaults"]);
    if !input.is_empty() {
        command.args(["-d", "@"]);
    }
    command
        .arg(world.instance.address.to_string())
        .args(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let input = input.to_owned();
    // The server runs on this thread's runtime, so another thread waits for the program.
    let run = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    });
    let output = run.await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let encode = |group: &[u8]| {
        let number = group
            .iter()
            .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        let number = number << (8 * (3 - group.len()));
        (0..4)
            .map(move |at| {
                if at <= group.len() {
                    DIGITS[(number >> (18 - 6 * at)) as usize % 64] as char
                } else {
                    '='
                }
            })
            .collect::<String>()
    };
    bytes.chunks(3).map(encode).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn grpcurl_lists_describes_uploads_watches_and_reads() {
    let world = World::start().await;
    let (_, listed) = grpcurl(&world, &["list"], "").await;
    for service in [
        "ChunkService",
        "ChunkingService",
        "CollectionService",
        "DocumentService",
        "OperationService",
        "PartitionService",
        "UploadService",
    ] {
        assert!(listed.contains(&format!("sluice.v1.{service}")), "{listed}");
    }
    assert!(listed.contains("grpc.health.v1.Health"));
    let (_, described) = grpcurl(
        &world,
        &["describe", "sluice.v1.UploadService.UploadDocument"],
        "",
    )
    .await;
    assert!(
        described.contains("stream .sluice.v1.UploadDocumentRequest"),
        "{described}"
    );

    let spec = spec("tour");
    let text = "One sentence. And another one.\n";
    let message = json!({
        "spec": { "collection": spec.collection, "documentId": spec.document_id, "requestId": spec.request_id },
        "content": base64(text.as_bytes()),
        "finishWrite": true,
    });
    let (is_done, upload) = grpcurl(
        &world,
        &["sluice.v1.UploadService/UploadDocument"],
        &message.to_string(),
    )
    .await;
    assert!(is_done && upload.contains("STATE_SUCCEEDED"), "{upload}");
    let operation = json!({ "name": format!("operations/{}", spec.request_id) }).to_string();
    let (_, watched) = grpcurl(
        &world,
        &["sluice.v1.OperationService/WatchOperation"],
        &operation,
    )
    .await;
    assert!(watched.contains("STATE_SUCCEEDED"), "{watched}");
    let document = json!({ "document": "collections/c/documents/tour" }).to_string();
    let (_, read) = grpcurl(&world, &["sluice.v1.ChunkService/StreamChunks"], &document).await;
    let read: Value = serde_json::from_str(&read).unwrap();
    assert_eq!(read["chunks"][0]["text"], text);
}

#[tokio::test(flavor = "multi_thread")]
async fn grpcurl_reads_the_details_of_errors() {
    let world = World::start().await;
    let missing = json!({ "name": "collections/c/documents/none" }).to_string();
    let (is_done, said) =
        grpcurl(&world, &["sluice.v1.DocumentService/GetDocument"], &missing).await;
    assert!(!is_done);
    assert!(
        said.contains("\"reason\":\"NOT_FOUND\"") && said.contains("sluice.dev"),
        "{said}"
    );
}
