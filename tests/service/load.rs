//! The load program on a fleet of three instances: a thousand watchers, while one instance is killed.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;
use sluice::infrastructure::postgres::connection;

use crate::private;
use crate::redis_server::Redis;
use crate::support::fleet::listened;
use crate::support::server::{Server, program};

const WATCHERS: u64 = 500;
const STALLED: u64 = 5;
/// The timeout of each step, longer than any step takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(5);
/// The longest time, in milliseconds, until a watcher that lost its server is attached to another one.
const BACK_MAX_MS: f64 = 5_000.0;

/// The running load program.
struct Load {
    child: Child,
    rows: mpsc::Receiver<(String, Value)>,
}

impl Load {
    fn start(transport: &str, servers: &[Server]) -> Self {
        let urls = servers.iter().flat_map(|server| {
            let url = format!("http://{}", server.address);
            ["--server".to_owned(), url]
        });
        let mut child = program()
            .args([
                "load",
                "watch",
                "--output",
                "json",
                "--transport",
                transport,
            ])
            .args(["--watchers", &WATCHERS.to_string(), "--documents", "50"])
            .args(["--stalled-percent", "1", "--watchers-per-connection", "50"])
            .args(["--seconds", "10", "--every-seconds", "2"])
            .args(urls)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, rows) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines {
                let row = serde_json::from_str::<Value>(&line.unwrap()).unwrap();
                let measure = row["measure"].as_str().unwrap().to_owned();
                if sender.send((measure, row["value"].clone())).is_err() {
                    return;
                }
            }
        });
        Self { child, rows }
    }

    /// Waits for the next value of a measure, and returns it.
    fn value(&self, wanted: &str) -> Value {
        let began = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(began.elapsed());
            let (measure, value) = self.rows.recv_timeout(left).expect(wanted);
            if measure == wanted {
                return value;
            }
        }
    }

    /// Waits for the end, and returns the exit code and the text of stderr.
    fn ended(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        let mut complaints = self.child.stderr.take().unwrap();
        complaints.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_watchers_survive_the_loss_of_one_of_three_instances() {
    let (redis, cluster) = (Redis::start(), private::cluster());
    let database = cluster.database();
    connection::migrate(&database).await.unwrap();
    let url = redis.url();
    let settings = [
        ("SLUICE_REDIS__LOCATION", url.as_str()),
        ("SLUICE_LIMITS__PLACES__SOCKETS", "1000"),
    ];
    let mut servers = (0..3)
        .map(|_| Server::start_with(&database, &settings))
        .collect::<Vec<_>>();
    listened(&redis, 3).await;
    let loads = ["websocket", "grpc"].map(|transport| Load::start(transport, &servers));
    for load in &loads {
        assert_eq!(load.value("attached"), WATCHERS);
    }
    // SIGKILL, to an instance other than the first: the documents are uploaded through the first one.
    drop(servers.pop());
    for load in loads {
        assert_eq!(load.value("states out of order or twice"), 0);
        let closed = load.value("connections closed unexpectedly").as_u64();
        // A third of the watchers that read.
        let third = (WATCHERS - STALLED) / 3;
        assert!(
            closed.is_some_and(|closed| closed.abs_diff(third) <= 20),
            "{closed:?}"
        );
        let back = load.value("ms until the last was back").as_f64();
        assert!(
            back.is_some_and(|back| back > 0.0 && back < BACK_MAX_MS),
            "{back:?}"
        );
        assert_eq!(load.value("saw the end"), WATCHERS - STALLED);
        assert_eq!(load.value("missed the end"), 0);
        assert_eq!(load.ended(), (Some(0), String::new()));
    }
}

#[test]
fn other_machines_are_not_put_under_load() {
    for server in [
        "http://192.0.2.1:50051",
        "https://127.0.0.1:1",
        "localhost:1",
    ] {
        let refused = program()
            .args(["load", "watch", "--transport", "grpc", "--server", server])
            .output()
            .unwrap();
        assert_eq!(refused.status.code(), Some(2), "{server}");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(
            said.contains("must be an address of this machine"),
            "{said}"
        );
    }
}
