//! The load bench on a fleet of three instances: a thousand watchers, while one instance is killed.

use std::time::Duration;

use clap::Parser;
use serde_json::Value;
use sluice::infrastructure::postgres::connection;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::private;
use crate::redis_server::Redis;
use crate::support::fleet::listened;
use crate::support::server::Server;

#[path = "../../benches/load/watchers/mod.rs"]
mod watchers;

const WATCHERS: u64 = 500;
const STALLED: u64 = 5;
/// The timeout of each step, longer than any step takes on a busy machine.
const STEP_MAX: Duration = Duration::from_mins(5);
/// The longest time, in milliseconds, until a watcher that lost its server is attached to another one.
const BACK_MAX_MS: f64 = 5_000.0;
/// Rows that wait to be read. A report has fewer.
const ROWS_MAX: usize = 64;

/// The arguments as a program takes them.
#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    watchers: watchers::Arguments,
}

/// A running load.
struct Load {
    task: JoinHandle<anyhow::Result<()>>,
    rows: mpsc::Receiver<(String, Value)>,
}

impl Load {
    fn start(transport: &str, servers: &[Server]) -> Self {
        let urls = servers.iter().flat_map(|server| {
            let url = format!("http://{}", server.address);
            ["--server".to_owned(), url]
        });
        let count = WATCHERS.to_string();
        let fixed = [
            ["--transport", transport],
            ["--watchers", &count],
            ["--documents", "50"],
            ["--stalled-percent", "1"],
            ["--watchers-per-connection", "50"],
            ["--seconds", "10"],
            ["--every-seconds", "2"],
        ];
        let fixed = fixed
            .as_flattened()
            .iter()
            .map(|&argument| argument.to_owned());
        let arguments = ["load".to_owned()].into_iter().chain(fixed).chain(urls);
        let program = Program::parse_from(arguments);
        let (report, rows) = mpsc::channel(ROWS_MAX);
        let task = tokio::spawn(async move { watchers::run(&program.watchers, report).await });
        Self { task, rows }
    }

    /// Waits for the next value of a measure, and returns it.
    async fn value(&mut self, wanted: &str) -> Value {
        let next = async {
            loop {
                let (measure, value) = self.rows.recv().await.expect(wanted);
                if measure == wanted {
                    return value;
                }
            }
        };
        tokio::time::timeout(STEP_MAX, next).await.expect(wanted)
    }

    /// Reads the remaining rows, and waits for the end.
    async fn end(mut self) -> anyhow::Result<()> {
        while self.rows.recv().await.is_some() {}
        self.task.await?
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
        ("SLUICE_LIMITS__CONCURRENCY__SOCKETS", "1000"),
    ];
    let mut servers = (0..3)
        .map(|_| Server::start_with(&database, &settings))
        .collect::<Vec<_>>();
    listened(&redis, 3).await;
    let mut loads = ["websocket", "grpc"].map(|transport| Load::start(transport, &servers));
    for load in &mut loads {
        assert_eq!(load.value("attached").await, WATCHERS);
    }
    // SIGKILL, to an instance other than the first: the documents are uploaded through the first one.
    drop(servers.pop());
    for mut load in loads {
        assert_eq!(load.value("states out of order or twice").await, 0);
        let closed = load.value("connections closed unexpectedly").await.as_u64();
        // A third of the watchers that read.
        let third = (WATCHERS - STALLED) / 3;
        assert!(
            closed.is_some_and(|closed| closed.abs_diff(third) <= 20),
            "{closed:?}"
        );
        let back = load.value("ms until the last was back").await.as_f64();
        assert!(
            back.is_some_and(|back| back > 0.0 && back < BACK_MAX_MS),
            "{back:?}"
        );
        assert_eq!(load.value("saw the end").await, WATCHERS - STALLED);
        assert_eq!(load.value("missed the end").await, 0);
        load.end().await.unwrap();
    }
}

#[test]
fn other_machines_are_not_put_under_load() {
    for server in [
        "http://192.0.2.1:50051",
        "https://127.0.0.1:1",
        "localhost:1",
    ] {
        let parsed = Program::try_parse_from(["load", "--transport", "grpc", "--server", server]);
        let error = parsed.unwrap_err().to_string();
        assert!(
            error.contains("must be an address of this machine"),
            "{error}"
        );
    }
}
