//! The life of API keys on the command line. No log, error or dump ever shows their secrets.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunk_service_client::ChunkServiceClient;

use crate::support::access::by;
use crate::support::server::program;
use crate::support::world::{Folder, connect, reason};

/// A server in a process of its own, with the log level `trace`.
struct Talkative {
    child: Child,
    folder: Folder,
    url: String,
}

impl Talkative {
    fn start(folder: Folder) -> Self {
        let log = File::create(folder.0.join("log")).unwrap();
        let mut child = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "trace"])
            .arg("--store")
            .arg(folder.0.join("test.db"))
            .env("SLUICE_IDENTITY__API_KEYS", "true")
            // The variable is for clients, and no setting of a server.
            .env("SLUICE_API_KEY", "unused")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = format!("http://{}", line.trim().rsplit(' ').next().unwrap());
        Self { child, folder, url }
    }

    /// Runs a command with a key. Returns its output, or its error output if it fails.
    fn run(&self, key: &str, arguments: &[&str]) -> Result<String, String> {
        let done = program()
            .args(arguments)
            .args(["--server", &self.url])
            .env("SLUICE_API_KEY", key)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap().trim().to_owned();
        if done.status.success() {
            Ok(text(done.stdout))
        } else {
            Err(text(done.stderr))
        }
    }

    /// Writes a file, and returns its path.
    fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.0.join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Talkative {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn bootstrap(store: &PathBuf, force: bool) -> Result<String, String> {
    let mut command = program();
    command.args(["admin", "bootstrap", "--store"]).arg(store);
    if force {
        command.arg("--force");
    }
    let done = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap().trim().to_owned();
    if done.status.success() {
        Ok(text(done.stdout))
    } else {
        Err(text(done.stderr))
    }
}

#[tokio::test]
async fn a_key_is_created_used_and_revoked_without_a_trace_of_its_secret() {
    let folder = Folder::new();
    let store = folder.0.join("test.db");
    let first = bootstrap(&store, false).unwrap();
    assert!(bootstrap(&store, false).unwrap_err().contains("--force"));
    let second = bootstrap(&store, true).unwrap();
    assert_ne!(first, second);

    let server = Talkative::start(folder);
    let tenants = server.run(&first, &["admin", "tenants", "--create", "acme"]);
    assert!(tenants.unwrap().contains("tenants/acme"));
    let create = |role| ["admin", "create-key", "acme", "ada", "--role", role];
    let writer = server.run(&second, &create("writer")).unwrap();
    let admin = server.run(&second, &create("admin")).unwrap();
    let refused = server.run(&admin, &create("operator")).unwrap_err();
    assert!(refused.contains("role"), "{refused}");
    let document = server.file("book.txt", "Some text that is nobody else's.");
    server
        .run(&writer, &["upload", "--document-id=book.txt", &document])
        .unwrap();
    let by_file = server.file("key", &format!("{writer}\n"));
    let read = [
        "chunks",
        "collections/default/documents/book.txt",
        "--output",
        "json",
        "--key-file",
        &by_file,
    ];
    assert!(
        server
            .run("", &read)
            .unwrap()
            .contains("Some text that is nobody")
    );
    let forged = format!("{}{}", &writer[..24], "0".repeat(64));
    let mut complaints = vec![refused];
    for key in [forged.as_str(), "", "nonsense"] {
        let refused = server.run(key, &["collections"]).unwrap_err();
        assert!(refused.contains("credential"), "{refused}");
        complaints.push(refused);
    }
    let listed = server.run(&admin, &["admin", "keys", "acme", "--output", "json"]);
    let listed = listed.unwrap();
    let of_writer = listed.lines().find(|line| line.contains("WRITER")).unwrap();
    let of_writer: serde_json::Value = serde_json::from_str(of_writer).unwrap();
    assert_eq!(of_writer["shows"], writer[..23]);
    assert!(
        server
            .run(&admin, &["admin", "info"])
            .unwrap()
            .contains("SQLITE")
    );

    watch_until_revoked(&server, &admin, &writer, of_writer["key"].as_str().unwrap()).await;

    let log = fs::read_to_string(server.folder.0.join("log")).unwrap();
    assert!(log.contains("a caller was refused") && log.contains("TRACE"));
    assert!(
        log.contains("acme") && log.contains("ada"),
        "the log names the caller"
    );
    let mut shown = vec![log, listed, complaints.join("\n")];
    for suffix in ["", "-wal"] {
        let path = server.folder.0.join(format!("test.db{suffix}"));
        let bytes = fs::read(path).unwrap_or_default();
        shown.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    for secret in [&first, &second, &writer, &admin, &forged] {
        let secret = &secret[24..];
        let found = shown.iter().position(|text| text.contains(secret));
        assert_eq!(found, None, "a secret can be read");
    }
}

/// Revoking a key ends the open streams of its caller, and new calls are refused within 5 seconds.
async fn watch_until_revoked(server: &Talkative, admin: &str, key: &str, name: &str) {
    let mut client = ChunkServiceClient::new(by(connect(&server.url), Some(key)));
    let request = pb::StreamChangesRequest {
        collection: "collections/default".to_owned(),
        follow: true,
        ..Default::default()
    };
    let mut changes = client.stream_changes(request).await.unwrap().into_inner();
    assert!(changes.message().await.unwrap().is_some());
    server.run(admin, &["admin", "revoke-key", name]).unwrap();
    let begun = Instant::now();
    while server.run(key, &["collections"]).is_ok() {
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "the revoked key is still accepted"
        );
    }
    let cut_off = async {
        loop {
            if let Err(status) = changes.message().await {
                return reason(&status);
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(12), cut_off).await;
    assert_eq!(told.unwrap(), "CREDENTIAL_REFUSED");
}
