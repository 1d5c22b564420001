//! Signals: a server stops in order from its first moment on, and is never killed by them.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::port;
use crate::world::{Folder, SLUICE};

/// Far more time than a start or a stop takes.
const SOON: Duration = Duration::from_secs(30);
/// Attempts of each case. The fault that this test is for occurred in each of 60 attempts.
const TRIES: usize = 5;
/// The signal by which a service manager stops a program.
pub(crate) const TERM: Signal = Signal("TERM", 15);
/// The signals that stop a program.
const SIGNALS: [Signal; 2] = [TERM, Signal("INT", 2)];

/// A signal, with its name and number.
#[derive(Clone, Copy)]
pub(crate) struct Signal(&'static str, u32);

impl Signal {
    pub(crate) fn send(self, program: &Child) {
        let sent = Command::new("kill")
            .args(["-s", self.0, &program.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Whether the program handles the signal, according to the kernel (proc(5), `SigCgt`).
    fn is_handled(self, program: &Child) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
        let caught = status
            .lines()
            .find_map(|line| line.strip_prefix("SigCgt:"))
            .unwrap();
        let caught = u64::from_str_radix(caught.trim(), 16).unwrap();
        caught & (1 << (self.1 - 1)) != 0
    }
}

fn until(what: &str, is_true: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_true() {
        assert!(begun.elapsed() < SOON, "{what}");
    }
}

fn start(folder: &Folder, arguments: &[&str]) -> Child {
    Command::new(SLUICE)
        .args(arguments)
        .current_dir(folder.path())
        .env("TMPDIR", folder.path())
        .stdout(Stdio::null())
        .stderr(File::create(folder.path().join("log")).unwrap())
        .spawn()
        .unwrap()
}

fn serve(folder: &Folder) -> (Child, SocketAddr) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()));
    let program = start(folder, &["serve", "--listen", &address.to_string()]);
    (program, address)
}

#[test]
fn a_server_stops_in_order_however_early_the_signal_arrives() {
    for signal in SIGNALS {
        for _ in 0..TRIES {
            let folder = Folder::new();
            let (mut server, address) = serve(&folder);
            until("the port opens", || TcpStream::connect(address).is_ok());
            signal.send(&server);
            let status = server.wait().unwrap();
            assert_eq!(status.code(), Some(0), "after its port: {status}");

            let (mut server, _) = serve(&folder);
            until("it listens for signals", || signal.is_handled(&server));
            signal.send(&server);
            let status = server.wait().unwrap();
            assert_eq!(status.code(), Some(0), "before its port: {status}");
        }
    }
}

/// The demo fails because it was not completed, and it leaves no files behind.
#[test]
fn a_demo_that_is_stopped_removes_its_store() {
    let folder = Folder::new();
    let text = folder.file("text.txt", "Some words of a text. ".repeat(1_000_000));
    for signal in SIGNALS {
        let mut demo = start(&folder, &["demo", &text]);
        until("it listens for signals", || signal.is_handled(&demo));
        signal.send(&demo);
        let status = demo.wait().unwrap();
        let said = std::fs::read_to_string(folder.path().join("log")).unwrap();
        assert_eq!(status.code(), Some(1), "{said}");
        assert!(said.contains("a signal stopped the demo"), "{said}");
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let left = entries
            .map(|entry| entry.unwrap().file_name())
            .filter(|name| name.to_string_lossy().starts_with("sluice-demo"));
        assert_eq!(left.count(), 0);
    }
}
