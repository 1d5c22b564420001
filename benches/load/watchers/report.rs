//! The measures of a load.

use anyhow::ensure;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::observations::{Observations, Times, milliseconds};

/// The rows of the report.
#[derive(Debug)]
pub(super) struct Report(pub(super) mpsc::Sender<(String, Value)>);

impl Report {
    pub(super) async fn row(&self, measure: &str, value: Value) -> anyhow::Result<()> {
        Ok(self.0.send((measure.to_owned(), value)).await?)
    }

    /// Reports the observations of all watchers, and fails if one has missed a state.
    pub(super) async fn summary(&self, all: &[Observations]) -> anyhow::Result<()> {
        let reading = all.iter().filter(|one| !one.is_stalled);
        let reading = reading.collect::<Vec<_>>();
        let missed = reading.iter().filter(|one| !one.has_ended).count();
        let faults = reading.iter().map(|one| one.faults).sum::<u32>();
        let closes = reading.iter().map(|one| one.closes).sum::<u32>();
        let updates = reading.iter().map(|one| one.updates()).sum::<usize>();
        let absent = reading.iter().map(|one| one.absent_max).max();
        let absent = milliseconds(absent.unwrap_or_default());
        self.row("states received as updates", json!(updates))
            .await?;
        self.row("states out of order or twice", json!(faults))
            .await?;
        self.row("connections closed unexpectedly", json!(closes))
            .await?;
        if let Some(reason) = reading.iter().find_map(|one| one.close_reason.as_ref()) {
            self.row("reason of one of them", json!(reason)).await?;
        }
        self.row("ms until the last was back", json!(absent))
            .await?;
        self.row("saw the end", json!(reading.len() - missed))
            .await?;
        self.row("missed the end", json!(missed)).await?;
        for (event, times) in [
            ("the commit began", Times::since_commit(all)),
            ("the first receipt", Times::since_first(all)),
        ] {
            for percent in [50, 99] {
                let measure = format!("ms since {event}, p{percent}");
                self.row(&measure, json!(times.percentile(percent))).await?;
            }
        }
        ensure!(missed == 0, "{missed} watchers have missed their end");
        ensure!(faults == 0, "{faults} states were out of order or twice");
        Ok(())
    }
}
