//! Interrupted uploads: running the same command again resumes them.

use std::process::{Child, Stdio};
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::support::proxy::Proxy;
use crate::support::server::{NOWHERE, Server};
use crate::support::shell::{Ended, Shell, rows};
use crate::support::world::{Folder, prose};

const BYTES: usize = 6_000_000;
/// The committed bytes after which an upload is interrupted.
const COMMITTED_MIN: u64 = 2_500_000;
/// The most bytes beyond the rest of the file: data of the first connection still in the proxy, and frame headers.
const OVERHEAD_MAX: u64 = 1_000_000;
const UPLOAD: &str = "$S upload --server http://$PROXY book.txt";

/// A server behind a slow network, and a file to upload.
struct Site {
    folder: Folder,
    server: Server,
    proxy: Proxy,
    text: String,
}

impl Site {
    async fn new() -> Self {
        let folder = Folder::new();
        let server = Server::start(folder.0.join("kept.db"));
        let proxy = Proxy::before(server.address.clone()).await;
        let site = Self {
            text: prose(BYTES),
            folder,
            server,
            proxy,
        };
        site.shell().write("book.txt", &site.text);
        site
    }

    fn shell(&self) -> Shell<'_> {
        Shell {
            server: &self.server,
            folder: &self.folder,
        }
    }

    fn command(&self, script: &str) -> std::process::Command {
        let mut command = self.shell().command(script);
        command.env("PROXY", &self.proxy.address);
        command
    }

    fn run(&self, script: &str) -> Ended {
        let mut command = self.command(script);
        // The proxy needs this test's threads.
        tokio::task::block_in_place(|| Ended::of(command.output().unwrap()))
    }

    /// Starts an upload, and waits until more than `COMMITTED_MIN` bytes are committed.
    fn begin(&self, script: &str, change: impl FnOnce(&mut std::process::Command)) -> Child {
        self.proxy.slow(Duration::from_millis(8));
        let before = self.operations().len();
        let mut command = self.command(&format!("exec {script}"));
        change(&mut command);
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let is_under_way = || {
            let operations = self.operations();
            operations.len() > before
                && operations[0]["committed_bytes"].as_u64() > Some(COMMITTED_MIN)
        };
        while !tokio::task::block_in_place(is_under_way) {}
        child.unwrap()
    }

    /// Sends a signal to an upload. Returns its exit code and output.
    fn stop(&self, child: Child, signal: &str) -> Ended {
        let id = child.id().to_string();
        let killed = std::process::Command::new("kill")
            .args(["-s", signal, &id])
            .status();
        assert!(killed.unwrap().success());
        let ended = tokio::task::block_in_place(|| Ended::of(child.wait_with_output().unwrap()));
        self.proxy.slow(Duration::ZERO);
        ended
    }

    /// Returns the operations, newest first.
    fn operations(&self) -> Vec<serde_json::Value> {
        rows(&self.shell().succeeds("$S operations $AT --output json"))
    }

    fn kept(&self) -> usize {
        let files = std::fs::read_dir(self.folder.0.join(".state/sluice/uploads"));
        files.map_or(0, Iterator::count)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_upload_is_resumed_by_the_same_command() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("KILL", -1)] {
        let site = Site::new().await;
        let child = site.begin(UPLOAD, |_| {});
        let ended = site.stop(child, signal);
        assert_eq!(ended.code, code, "{ended:?}");
        assert_eq!(site.kept(), 1);
        let operations = site.operations();
        let name = operations[0]["operation"].as_str().unwrap();
        let id = name.strip_prefix("operations/").unwrap();
        let committed = operations[0]["committed_bytes"].as_u64().unwrap();
        let sent = site.proxy.sent.load(Ordering::Relaxed);
        let again = if signal == "KILL" {
            site.run(UPLOAD)
        } else {
            assert!(ended.err.contains(id), "{ended:?}");
            let (_, command) = ended.err.trim().rsplit_once("to resume: ").unwrap();
            site.run(command)
        };
        assert_eq!(again.code, 0, "{again:?}");
        assert_eq!(site.operations().len(), 1, "{signal}: one upload");
        let resent = site.proxy.sent.load(Ordering::Relaxed) - sent;
        let rest = BYTES as u64 - committed;
        assert!(resent < rest + OVERHEAD_MAX, "{resent} of {rest} bytes");
        assert!(site.shell().text("default", "book.txt") == site.text);
        assert_eq!(site.kept(), 0, "saved state was left");
        // Uploading a complete document again creates a new version.
        assert!(site.run(UPLOAD).out.contains("version 2"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_other_options_or_no_resume_start_a_new_upload() {
    let site = Site::new().await;
    let mut begun = 0;
    for (change, script) in [
        ("echo more >> book.txt", UPLOAD),
        (
            "true",
            "$S upload --server http://$PROXY --max-size 500 book.txt",
        ),
        (
            "true",
            "$S upload --server http://$PROXY --no-resume book.txt",
        ),
    ] {
        let child = site.begin(UPLOAD, |_| {});
        site.stop(child, "KILL");
        begun += 2;
        site.shell().succeeds(change);
        let ended = site.run(script);
        assert_eq!(ended.code, 0, "{ended:?}");
        assert_eq!(site.operations().len(), begun, "{script}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_runs_have_separate_request_ids() {
    let site = Site::new().await;
    let first = site.begin(UPLOAD, |_| {});
    let second = site.begin(UPLOAD, |_| {});
    assert_eq!(site.operations().len(), 2);
    site.stop(first, "KILL");
    site.stop(second, "KILL");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_without_saved_state_is_resumed_by_its_request_id() {
    let nowhere = |command: &mut std::process::Command| {
        command.env("XDG_STATE_HOME", NOWHERE);
    };
    for script in [
        UPLOAD,
        "$S upload --server http://$PROXY --document-id d - < book.txt",
    ] {
        let site = Site::new().await;
        let child = site.begin(script, nowhere);
        let ended = site.stop(child, "INT");
        assert_eq!(ended.code, 130, "{ended:?}");
        let (_, command) = ended.err.trim().rsplit_once(": ").unwrap();
        assert!(command.contains("--request-id "), "{command}");
        let input = if script == UPLOAD { "" } else { "< book.txt" };
        let again = site.run(&format!("{command} {input}"));
        assert_eq!(again.code, 0, "{again:?}");
        assert_eq!(site.operations().len(), 1);
    }
}
