//! The recorder of metrics, one for the whole process.

use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

use crate::application::operations::watch;
use crate::interface::middleware::call;

/// The bounds of buckets in seconds, as OpenTelemetry advises for calls. The lag of updates has the same range.
const DURATION_BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];
/// The interval at which samples are put into their buckets. Until then each sample takes memory.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Returns the recorder of this process, which its first instance creates.
pub(super) fn recorder() -> anyhow::Result<PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let installed = RECORDER.get_or_init(|| {
        let mut builder = PrometheusBuilder::new();
        for metric in [call::DURATION, watch::LAG] {
            let buckets = Matcher::Full(metric.to_owned());
            let built = builder.set_buckets_for_metric(buckets, &DURATION_BUCKETS);
            builder = built.ok()?;
        }
        builder.install_recorder().ok()
    });
    installed.clone().context("metrics are recorded elsewhere")
}

/// Puts samples into their buckets, so that the recorder stays small, until the instance stops.
pub(super) async fn keep_up(recorder: PrometheusHandle, drain: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(UPKEEP_EVERY) => recorder.run_upkeep(),
            () = drain.cancelled() => return,
        }
    }
}
