//! A private PostgreSQL. `scripts/setup` installs it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use crate::private::port;

/// The folder in which Debian installs the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The longest time until the server answers.
pub(crate) const START_MAX: Duration = Duration::from_secs(30);
/// The number of ports to try: another program may take a port that was free a moment ago.
const TRIES: u32 = 5;

/// A cluster of databases, served until it is dropped.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    pub(crate) server: Mutex<Child>,
    databases: AtomicU32,
}

impl Cluster {
    /// Starts a cluster with these settings.
    pub(crate) fn start(settings: &[&str]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("sluice-postgres-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&folder));
        }
        let data = folder.join("data");
        run(program("initdb")
            .args(["--no-sync", "--auth=trust", "--username=postgres"])
            .args(["--encoding=UTF8", "--locale=C.UTF-8", "--pgdata"])
            .arg(&data));
        let (server, port) = (0..TRIES)
            .find_map(|_| serve(&folder, settings))
            .expect("a free port");
        Self {
            folder,
            port,
            server: Mutex::new(server),
            databases: AtomicU32::new(0),
        }
    }

    /// Creates a database, and returns its address.
    pub(crate) fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    /// Runs a statement, and returns its rows as lines with columns separated by `|`.
    pub(crate) fn psql(&self, database: &str, statement: &str) -> String {
        self.try_psql(database, statement).unwrap()
    }

    /// Runs a statement like [`Cluster::psql`], or returns the error output.
    pub(crate) fn try_psql(&self, database: &str, statement: &str) -> Result<String, String> {
        let mut command = Command::new("psql");
        command
            .args(["-h", "127.0.0.1", "-U", "postgres", "-X", "-A", "-t", "-q"])
            .args(["-v", "ON_ERROR_STOP=1", "-p", &self.port.to_string()])
            .args(["-d", database, "-c", statement]);
        let output = command.output().unwrap();
        if output.status.success() {
            Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned())
        } else {
            Err(String::from_utf8(output.stderr).unwrap())
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        end(&mut self.server.lock().unwrap_or_else(PoisonError::into_inner));
        let _absent = fs::remove_dir_all(&self.folder);
    }
}

/// Sends SIGQUIT, an immediate shutdown without a checkpoint, and waits for the end.
pub(crate) fn end(server: &mut Child) {
    let signalled = Command::new("kill")
        .args(["-QUIT", &server.id().to_string()])
        .status();
    let _gone = (signalled, server.wait());
}

/// Starts the server on a free port. Returns `None` as [`spawn`] does.
fn serve(folder: &Path, settings: &[&str]) -> Option<(Child, u16)> {
    let port = port::free();
    Some((spawn(folder, port, settings)?, port))
}

/// Starts the server, and waits until it answers. Returns `None` if it ends before, for example because its port was
/// taken, or if it does not answer in time.
pub(crate) fn spawn(folder: &Path, port: u16, settings: &[&str]) -> Option<Child> {
    let log = fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .unwrap();
    let mut command = program("postgres");
    command
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder)
        .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
        .args(["-c", "max_connections=200"])
        .args(settings.iter().flat_map(|setting| ["-c", *setting]))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log);
    let mut server = keep(command);
    let started = Instant::now();
    while started.elapsed() < START_MAX && server.try_wait().unwrap().is_none() {
        let ready = Command::new("pg_isready")
            .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
            .status()
            .unwrap();
        if ready.success() {
            return Some(server);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    end(&mut server);
    None
}

/// Starts a program from a thread that never ends, because the kernel ends the program together with that thread.
pub(crate) fn keep(mut command: Command) -> Child {
    let (started, child) = mpsc::channel();
    std::thread::spawn(move || {
        started.send(command.spawn().unwrap()).unwrap();
        loop {
            std::thread::park();
        }
    });
    child.recv().unwrap()
}

/// Returns the command of a program of the newest installed version. It runs as a user that the program accepts, and
/// ends with this process.
fn program(name: &str) -> Command {
    let versions = fs::read_dir(VERSIONS).expect("scripts/setup installs PostgreSQL");
    let newest = versions
        .filter_map(|version| version.unwrap().file_name().to_str()?.parse::<u32>().ok())
        .max()
        .expect("scripts/setup installs PostgreSQL");
    let path = format!("{VERSIONS}/{newest}/bin/{name}");
    let mut command = Command::new("setpriv");
    if is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.args(["--pdeathsig=QUIT", &path]);
    command.env_remove("LC_ALL").current_dir("/");
    command
}

pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Panics with the error output of a command if it fails.
pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
