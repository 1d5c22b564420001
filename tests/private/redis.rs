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

/// The longest time until a server answers, or the nodes of a cluster agree.
const START_MAX: Duration = Duration::from_secs(30);
/// The number of ports to try: another program may take a port that was free a moment ago.
const TRIES: u32 = 5;
/// The distance between a node's port and its port for the other nodes, which must be below 65,536.
const BUS_PORT: u16 = 10_000;

/// A server without persistence, killed when dropped.
#[derive(Debug)]
pub(crate) struct Redis {
    folder: PathBuf,
    pub(crate) port: u16,
    settings: Vec<String>,
    server: Mutex<Child>,
}

impl Redis {
    /// Starts a server on a free port.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with these settings, in the form of its command line.
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

    /// Returns the address of the server.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sends SIGKILL.
    pub(crate) fn kill(&self) {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        let _gone = (server.kill(), server.wait());
    }

    /// Starts the server again after [`Redis::kill`], on the same port and empty.
    pub(crate) fn restart(&self) {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        *server = spawn(&self.folder, self.port, &self.settings).expect("the port is still free");
    }

    /// Sends SIGSTOP: the kernel accepts connections, and no request is answered.
    pub(crate) fn hang(&self) {
        self.signal("-STOP");
    }

    /// Sends SIGCONT.
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    /// Deletes every key.
    pub(crate) fn flush(&self) {
        assert_eq!(self.ask(&["FLUSHALL"]), "OK");
    }

    /// Returns the answer to a command, as `redis-cli` shows it.
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

/// A Redis Cluster of three nodes without replicas.
#[derive(Debug)]
pub(crate) struct RedisCluster {
    pub(crate) nodes: Vec<Redis>,
}

impl RedisCluster {
    /// Starts the nodes on free ports, and waits until they agree on the owners of the slots.
    pub(crate) fn start() -> Self {
        let settings = [
            "--cluster-enabled",
            "yes",
            "--cluster-config-file",
            "nodes.conf",
            // A lost node must be detected within the time of a test.
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

    /// Returns the address of one node.
    pub(crate) fn url(&self) -> String {
        self.nodes[0].url()
    }
}

/// Returns a free port whose port for the other nodes is free too.
fn free_port() -> u16 {
    loop {
        let port = port::free();
        if TcpListener::bind(("127.0.0.1", port + BUS_PORT)).is_ok() {
            return port;
        }
    }
}

/// Starts the server, and waits until it answers. Returns `None` if it ends before, for example because its port was
/// taken, or if it does not answer in time.
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

/// Returns the output of `redis-cli`.
fn ask(port: u16, command: &[&str]) -> String {
    let output = Command::new("redis-cli")
        .args(["-h", "127.0.0.1", "-p", &port.to_string()])
        .args(command)
        .output()
        .expect("scripts/setup installs redis-tools");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
