//! A server in a child process, which a test can kill.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use tonic::transport::Channel;

use crate::logs;
use crate::support::world::connect;

pub(crate) const SLUICE: &str = env!("CARGO_BIN_EXE_sluice");

/// Returns a command that runs the program. It cannot save upload state for a later run.
pub(crate) fn program() -> Command {
    let mut command = Command::new(SLUICE);
    command.env("XDG_STATE_HOME", NOWHERE);
    command
}

/// A folder that cannot be created.
pub(crate) const NOWHERE: &str = "/dev/null/nowhere";

/// A child process that runs `sluice serve`, killed on drop.
pub(crate) struct Server {
    child: Child,
    log: Option<JoinHandle<()>>,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(store: impl AsRef<OsStr>) -> Self {
        Self::start_with(store, &[])
    }

    /// Starts a server with settings from the environment.
    pub(crate) fn start_with(store: impl AsRef<OsStr>, settings: &[(&str, &str)]) -> Self {
        Self::run(program(), store, settings)
    }

    /// Starts a server at a given address, for example that of an earlier server.
    pub(crate) fn start_at(address: &str, store: impl AsRef<OsStr>) -> Self {
        Self::run_at(address, program(), store, &[])
    }

    /// Starts a server in a control group.
    pub(crate) fn start_in(
        group: &Path,
        store: impl AsRef<OsStr>,
        settings: &[(&str, &str)],
    ) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", r#"echo $$ >"$0/cgroup.procs" && exec "$@""#]);
        command.arg(group).arg(SLUICE);
        Self::run(command, store, settings)
    }

    fn run(command: Command, store: impl AsRef<OsStr>, settings: &[(&str, &str)]) -> Self {
        Self::run_at("127.0.0.1:0", command, store, settings)
    }

    fn run_at(
        address: &str,
        mut command: Command,
        store: impl AsRef<OsStr>,
        settings: &[(&str, &str)],
    ) -> Self {
        let mut child = command
            .envs(settings.iter().copied())
            .args(["serve", "--listen", address, "--log", logs::FILTER])
            .arg("--store")
            .arg(store)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Some(logs::read(child.stderr.take().unwrap()));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert!(
            !line.is_empty(),
            "the server did not start: {:?}",
            child.wait()
        );
        let address = line.trim().rsplit(' ').next().unwrap().to_owned();
        Self {
            child,
            log,
            address,
        }
    }

    pub(crate) fn channel(&self) -> Channel {
        connect(&format!("http://{}", self.address))
    }

    /// Returns the peak resident memory of the process, in KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        self.status_kib("VmHWM:")
    }

    /// Returns the current resident memory of the process, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        self.status_kib("VmRSS:")
    }

    fn status_kib(&self, line: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let value = status
            .lines()
            .find_map(|found| found.strip_prefix(line))
            .unwrap();
        value.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Server {
    /// Kills the process with SIGKILL.
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        if let Some(log) = self.log.take() {
            log.join().unwrap();
        }
        logs::assert_clean();
    }
}
