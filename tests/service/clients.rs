//! Clients built on other gRPC libraries: Python's grpcio, Node's grpc-js, and `buf curl`.

use std::process::{Command, Output};
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::support::proxy::Proxy;
use crate::support::world::{Folder, World, expected, name_of, prose, spec};

/// The folder of the tools that `scripts/setup` installs.
pub(crate) const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools");
pub(crate) const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/bin/python");
pub(crate) const NODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/node");
const BUF: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/bin/buf");

/// Runs a program while the server keeps running.
pub(crate) async fn output(mut command: Command) -> Output {
    let run = tokio::task::spawn_blocking(move || command.output().unwrap());
    run.await.unwrap()
}

/// Uploads with a client whose connections are cut, and compares its output.
async fn check(client: impl Fn() -> Command) {
    let (world, folder) = (World::start().await, Folder::new());
    let text = prose(4_000_000);
    let file = folder.0.join("document.txt");
    std::fs::write(&file, &text).unwrap();
    // Three connections are cut, each after 1 MB. The client resends the bytes that were not committed.
    let proxy = Proxy::start(world.instance.address.to_string(), 3, 1_000_000).await;
    let upload = spec("d");
    let run = || {
        let mut command = client();
        command
            .args(["--server", &proxy.address, "--collection", "c"])
            .args(["--document-id", "d", "--request-id", &upload.request_id])
            .args(["--watch", "--chunks"])
            .arg(&file);
        command
    };
    let done = output(run()).await;
    let complaints = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{complaints}");
    assert_eq!(proxy.cut.load(Ordering::Relaxed), 3);
    let printed = String::from_utf8(done.stdout).unwrap();
    let mut lines = printed.lines();
    assert_eq!(lines.next(), Some(name_of(&upload).as_str()));
    let mut lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert_eq!(lines.next().unwrap()["state"], "STATE_SUCCEEDED");
    let chunks = expected(&text).into_iter().map(|(ordinal, start, end, text)| {
        json!({ "ordinal": ordinal, "start_byte": start, "end_byte": end, "text": text })
    });
    assert!(lines.eq(chunks), "the chunks differ");

    // A retry of a complete upload succeeds. A retry after the file has grown is refused.
    assert!(output(run()).await.status.success());
    std::fs::write(&file, format!("{text}and more")).unwrap();
    let refused = output(run()).await;
    assert_eq!(refused.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(complaint.contains("use another request id"), "{complaint}");

    // A retry with a changed file under the same request id is refused before it sends content.
    std::fs::write(&file, text.replacen("Sentence", "Paragraph", 1)).unwrap();
    let refused = output(run()).await;
    assert_eq!(refused.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(complaint.contains("the file has changed"), "{complaint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_client_resumes_after_each_cut() {
    check(|| {
        let mut command = Command::new(PYTHON);
        command
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/clients/python/sluice_upload.py"
            ))
            .env("PYTHONPATH", format!("{TOOLS}/stubs"))
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_client_resumes_after_each_cut() {
    check(|| {
        let mut command = Command::new(NODE);
        command.arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/clients/node/sluice_upload.js"
        ));
        command
    })
    .await;
}

pub(crate) async fn buf_curl(world: &World, method: &str, input: &str) -> Vec<Value> {
    let mut command = Command::new(BUF);
    command
        .args([
            "curl",
            "--http2-prior-knowledge",
            "--protocol",
            "grpc",
            "--emit-defaults",
        ])
        .args(["-d", input])
        .arg(format!(
            "http://{}/sluice.v1.{method}",
            world.instance.address
        ));
    let done = output(command).await;
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let values = serde_json::Deserializer::from_slice(&done.stdout).into_iter();
    values.map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn buf_uploads_resumes_watches_and_reads() {
    let world = World::start().await;
    let id = spec("d").request_id;
    let begin = json!({
        "spec": { "collection": "collections/c", "documentId": "d", "requestId": id },
        "content": "QSBzaG9ydCBkb2N1bWVudC4=",
    });
    let open = buf_curl(&world, "UploadService/UploadDocument", &begin.to_string()).await;
    assert_eq!(open[0]["upload"]["state"], "STATE_RUNNING");
    let offset = open[0]["upload"]["committedOffset"].clone();
    assert_eq!(offset, "0", "no chunk was cut yet");
    let go_on = json!({
        "upload": format!("uploads/{id}"),
        "content": "QSBzaG9ydCBkb2N1bWVudC4=",
        "finishWrite": true,
    });
    let done = buf_curl(&world, "UploadService/UploadDocument", &go_on.to_string()).await;
    assert_eq!(done[0]["upload"]["state"], "STATE_SUCCEEDED");
    let operation = json!({ "name": done[0]["upload"]["operation"] }).to_string();
    let states = buf_curl(&world, "OperationService/WatchOperation", &operation).await;
    assert_eq!(states[0]["operation"]["state"], "STATE_SUCCEEDED");
    let document = json!({ "document": "collections/c/documents/d" }).to_string();
    let pages = buf_curl(&world, "ChunkService/StreamChunks", &document).await;
    assert_eq!(pages[0]["chunks"][0]["text"], "A short document.");
}

/// The protos pass the lint categories STANDARD and COMMENTS without exceptions, and a breaking change is detected.
#[tokio::test(flavor = "multi_thread")]
async fn the_protos_pass_lint_and_a_breaking_change_is_detected() {
    let buf = |arguments: &[&str]| {
        let mut command = Command::new(BUF);
        command
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        output(command)
    };
    let lint = buf(&["lint"]).await;
    assert!(
        lint.status.success(),
        "{}",
        String::from_utf8_lossy(&lint.stdout)
    );
    let folder = Folder::new();
    let image = folder.0.join("before.binpb").display().to_string();
    assert!(buf(&["build", "-o", &image]).await.status.success());
    assert!(
        buf(&["breaking", "--against", &image])
            .await
            .status
            .success()
    );
    let changed = folder.0.join("proto/sluice/v1");
    std::fs::create_dir_all(&changed).unwrap();
    let protos = concat!(env!("CARGO_MANIFEST_DIR"), "/proto/sluice/v1");
    for file in std::fs::read_dir(protos).unwrap() {
        let file = file.unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        let text = text.replace("int64 write_offset", "int32 write_offset");
        std::fs::write(changed.join(file.file_name()), text).unwrap();
    }
    let changed = folder.0.join("proto").display().to_string();
    let broken = buf(&["breaking", &changed, "--against", &image]).await;
    let said = String::from_utf8_lossy(&broken.stdout).into_owned();
    assert!(
        !broken.status.success() && said.contains("write_offset"),
        "{said}"
    );
}
