//! A private Redis, or a cluster of them. `scripts/setup` installs it.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::private::port;
use crate::private::postgres::keep;

/// How long it may take to answer, or to agree.
const START_MAX: Duration = Duration::from_secs(30);
/// Ports are tried so often: another program may take one that was free a moment ago.
const TRIES: u32 = 5;
/// A node of a cluster listens for the others on its port and this more, which is below 65,536.
const BUS_PORT: u16 = 10_000;

/// A server that forgets everything when it ends; it is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Redis {
    folder: PathBuf,
    pub(crate) port: u16,
    settings: Vec<String>,
    server: Mutex<Child>,
}

impl Redis {
    /// One on a free port.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// One with those settings, as they are said on its command line.
    pub(crate) fn start_with(settings: &[&str]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("sluice-redis-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        let settings = settings.iter().map(|setting| (*setting).to_owned());
        let settings = settings.collect::<Vec<_>>();
        let (server, port) = (0..TRIES)
            .find_map(|_| {
                let port = free_port();
                Some((spawn(&folder, port, &settings)?, port))
            })
            .expect("a free port");
        Self {
            folder,
            port,
            settings,
            server: Mutex::new(server),
        }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// SIGKILL.
    pub(crate) fn kill(&self) {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        let _gone = (server.kill(), server.wait());
    }

    /// Starts it again after [`Redis::kill`], on the same port, with nothing in it.
    pub(crate) fn restart(&self) {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        *server = spawn(&self.folder, self.port, &self.settings).expect("the port is still free");
    }

    /// SIGSTOP: connections are taken, and nothing is answered.
    pub(crate) fn hang(&self) {
        self.signal("-STOP");
    }

    /// SIGCONT.
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    /// Forgets every key.
    pub(crate) fn flush(&self) {
        assert_eq!(self.ask(&["FLUSHALL"]), "OK");
    }

    /// What a command answers, as `redis-cli` shows it.
    pub(crate) fn ask(&self, command: &[&str]) -> String {
        ask(self.port, command)
    }

    fn signal(&self, signal: &str) {
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        let pid = server.id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        let _absent = fs::remove_dir_all(&self.folder);
    }
}

/// Three nodes that are one Redis Cluster, each without a replica.
#[derive(Debug)]
pub(crate) struct RedisCluster {
    pub(crate) nodes: Vec<Redis>,
}

impl RedisCluster {
    /// On free ports; it has agreed on who has which slots.
    pub(crate) fn start() -> Self {
        let settings = [
            "--cluster-enabled",
            "yes",
            "--cluster-config-file",
            "nodes.conf",
            // A node that is gone is noticed in the time of a test.
            "--cluster-node-timeout",
            "1000",
        ];
        let nodes = (0..3).map(|_| Redis::start_with(&settings));
        let nodes = nodes.collect::<Vec<_>>();
        let mut create = Command::new("redis-cli");
        create.args(["--cluster", "create", "--cluster-yes"]);
        create.args(nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)));
        let created = create.output().unwrap();
        let said = String::from_utf8_lossy(&created.stdout);
        assert!(created.status.success(), "{said}");
        let agreed = |node: &Redis| node.ask(&["CLUSTER", "INFO"]).contains("cluster_state:ok");
        let started = Instant::now();
        while !nodes.iter().all(agreed) {
            assert!(started.elapsed() < START_MAX, "{said}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { nodes }
    }

    /// The address of one node.
    pub(crate) fn url(&self) -> String {
        self.nodes[0].url()
    }
}

/// A free port, whose second one is free too.
fn free_port() -> u16 {
    loop {
        let port = port::free();
        if TcpListener::bind(("127.0.0.1", port + BUS_PORT)).is_ok() {
            return port;
        }
    }
}

/// Starts the server, and waits until it answers; none if the port was taken meanwhile.
fn spawn(folder: &Path, port: u16, settings: &[String]) -> Option<Child> {
    let log = fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .unwrap();
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig=KILL", "redis-server"])
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(folder)
        .args(settings)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log);
    let mut server = keep(command);
    let started = Instant::now();
    while started.elapsed() < START_MAX && server.try_wait().unwrap().is_none() {
        if ask(port, &["PING"]) == "PONG" {
            return Some(server);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _gone = (server.kill(), server.wait());
    None
}

/// What `redis-cli` says.
fn ask(port: u16, command: &[&str]) -> String {
    let output = Command::new("redis-cli")
        .args(["-h", "127.0.0.1", "-p", &port.to_string()])
        .args(command)
        .output()
        .expect("scripts/setup installs redis-tools");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
