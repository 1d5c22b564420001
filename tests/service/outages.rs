//! Uploads during outages of the server and with a full store: reported once, and resumed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use crate::private::port;
use crate::stores::Disk;
use crate::support::server::{Server, program};
use crate::support::shell::{Ended, Shell};
use crate::support::world::{Folder, prose};

/// An address with a free port, without a listener yet.
pub(crate) fn free() -> String {
    format!("127.0.0.1:{}", port::free())
}

/// A running command and its lines on stderr.
pub(crate) struct Running {
    pub(crate) child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStderr>>,
    pub(crate) said: Vec<String>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = Vec::new();
        Self { child, lines, said }
    }

    /// Waits for the next line on stderr.
    pub(crate) fn line(&mut self) -> String {
        let line = self.lines.next().unwrap().unwrap();
        self.said.push(line.clone());
        line
    }

    /// Waits for the end of the command, and returns its exit code.
    pub(crate) fn end(&mut self) -> Option<i32> {
        self.said.extend(self.lines.by_ref().map(Result::unwrap));
        self.child.wait().unwrap().code()
    }
}

#[test]
fn an_upload_survives_outages_and_reports_each_once() {
    let folder = Folder::new();
    let (address, store) = (free(), folder.0.join("away.db"));
    let text = prose(2_000_000);
    let mut command = program();
    command.args(["upload", "--document-id=d", "--server", &address, "-"]);
    let mut upload = Running::start(command.stdin(Stdio::piped()).stdout(Stdio::null()));
    let told = upload.line();
    for said in [&format!("http://{address}"), "refused", "--retry-for", "2h"] {
        assert!(told.contains(said), "{told}");
    }
    let server = Server::start_at(&address, &store);
    let told = upload.line();
    assert!(told.contains("answers again"), "{told}");
    let mut producer = upload.child.stdin.take().unwrap();
    producer.write_all(&text.as_bytes()[..1_000_000]).unwrap();
    drop(server);
    assert!(upload.line().contains("refused"), "{:?}", upload.said);
    let server = Server::start_at(&address, &store);
    assert!(upload.line().contains("answers again"), "{:?}", upload.said);
    producer.write_all(&text.as_bytes()[1_000_000..]).unwrap();
    drop(producer);
    assert_eq!(upload.end(), Some(0), "{:?}", upload.said);
    assert_eq!(upload.said.len(), 4, "{:?}", upload.said);
    let (server, folder) = (&server, &folder);
    assert!(Shell { server, folder }.text("default", "d") == text);
}

#[test]
fn an_upload_gives_up_after_its_retry_time() {
    let folder = Folder::new();
    let file = folder.0.join("d");
    std::fs::write(&file, "text").unwrap();
    for (time, lines) in [("0", 1), ("1s", 2)] {
        let mut command = program();
        command.args(["upload", "--server", "127.0.0.1:1", "--retry-for", time]);
        let ended = Ended::of(command.arg(&file).output().unwrap());
        assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{ended:?}");
        assert_eq!(ended.err.lines().count(), lines, "{ended:?}");
        assert!(ended.err.contains("http://127.0.0.1:1"), "{ended:?}");
    }
    let wrong = program()
        .args(["upload", "--retry-for", "soon", "d"])
        .output();
    assert_eq!(Ended::of(wrong.unwrap()).code, 2);
}

#[test]
fn an_upload_resumes_when_a_full_store_has_room() {
    let (disk, folder) = (Disk::new("6m"), Folder::new());
    let server = Server::start(disk.folder().join("full.db"));
    let (file, text) = (folder.0.join("d"), prose(3_000_000));
    std::fs::write(&file, &text).unwrap();
    let ballast = disk.folder().join("ballast");
    std::fs::write(&ballast, vec![0; 4_500_000]).unwrap();
    let mut command = program();
    command.args(["upload", "--document-id=d", "--server", &server.address]);
    let mut upload = Running::start(command.arg(&file).stdout(Stdio::null()));
    let told = upload.line();
    assert!(
        told.contains(&server.address) && told.contains("--retry-for"),
        "{told}"
    );
    std::fs::remove_file(&ballast).unwrap();
    let mut mount = Command::new("mount");
    let mount = mount.args(["-o", "remount,size=60m"]).arg(disk.folder());
    assert!(mount.status().unwrap().success());
    assert_eq!(upload.end(), Some(0), "{:?}", upload.said);
    assert_eq!(upload.said.len(), 2, "{:?}", upload.said);
    assert!(
        upload.said[1].contains("takes content again"),
        "{:?}",
        upload.said
    );
    let (server, folder) = (&server, &folder);
    assert!(Shell { server, folder }.text("default", "d") == text);
}
