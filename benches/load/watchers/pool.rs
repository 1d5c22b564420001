//! All watchers, from their start to their end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Arguments;
use super::observations::{Observations, milliseconds};
use super::report::Report;
use super::servers::Servers;
use super::watcher::Watcher;

/// The time limit for all watchers to attach. The report shows how many have.
const ATTACH_MAX: Duration = Duration::from_mins(5);
/// The time limit from the end of the last upload until the last watcher receives it.
const END_MAX: Duration = Duration::from_secs(30);

/// All watchers.
#[derive(Debug)]
pub(super) struct WatcherPool {
    tasks: JoinSet<Observations>,
    servers: Arc<Servers>,
    watchers: usize,
    stalled: usize,
    stop: CancellationToken,
}

impl WatcherPool {
    /// Starts the watchers, each of one of the operations.
    pub(super) fn start(
        arguments: &Arguments,
        servers: Servers,
        operations: &[String],
    ) -> anyhow::Result<Self> {
        let mut pool = Self {
            tasks: JoinSet::new(),
            servers: Arc::new(servers),
            watchers: usize::try_from(arguments.watchers)?,
            stalled: 0,
            stop: CancellationToken::new(),
        };
        let percent = usize::try_from(arguments.stalled_percent)?;
        for number in 0..pool.watchers {
            // Stalled watchers are spread evenly: one whenever their share reaches the next whole number.
            let is_stalled = (number + 1) * percent / 100 > number * percent / 100;
            pool.stalled += usize::from(is_stalled);
            let document = number % operations.len();
            let watcher = Watcher {
                operation: operations[document].clone(),
                number,
            };
            let servers = Arc::clone(&pool.servers);
            let stop = pool.stop.clone();
            pool.tasks.spawn(async move {
                let mut observations = Observations::of(document, is_stalled);
                stop.run_until_cancelled(watcher.follow(&servers, &mut observations))
                    .await;
                observations
            });
        }
        Ok(pool)
    }

    /// Waits until all watchers are attached.
    pub(super) async fn attach(&mut self, report: &Report) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut attached = self.servers.attached.subscribe();
        let all = attached.wait_for(|attached| *attached >= self.watchers);
        // The report has the number of those that are not.
        let _late = tokio::time::timeout(ATTACH_MAX, all).await.is_err();
        let attached = *self.servers.attached.borrow();
        report.row("watchers", json!(self.watchers)).await?;
        report
            .row("of these read nothing", json!(self.stalled))
            .await?;
        report.row("attached", json!(attached)).await?;
        report
            .row("ms to attach all", json!(milliseconds(began.elapsed())))
            .await?;
        Ok(())
    }

    /// Waits for the ends of the watchers that read, and returns the records of all watchers.
    pub(super) async fn end(mut self) -> anyhow::Result<Vec<Observations>> {
        let mut all = Vec::with_capacity(self.watchers);
        let live = self.watchers - self.stalled;
        let ends = async {
            while all.len() < live
                && let Some(observations) = self.tasks.join_next().await
            {
                all.push(observations?);
            }
            anyhow::Ok(())
        };
        if let Ok(ended) = tokio::time::timeout(END_MAX, ends).await {
            ended?;
        }
        self.stop.cancel();
        while let Some(observations) = self.tasks.join_next().await {
            all.push(observations?);
        }
        Ok(all)
    }
}
