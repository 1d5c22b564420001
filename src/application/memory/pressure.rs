//! Memory pressure: while memory is nearly used up, calls that would take more are rejected, before the kernel kills
//! the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::application::error::Error;
use crate::application::ports::memory_usage::Memory;
use crate::domain::limits::class::RateClass;

/// The used memory, in percent, from which calls are rejected. The rest is for calls in progress.
const ON_PERCENT: u64 = 85;
/// The used memory, in percent, below which calls are admitted again. With a single threshold the state would change
/// with every call.
const OFF_PERCENT: u64 = 80;
/// The interval of checks: a flood of requests takes some tens of megabytes a second.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// The state of memory pressure. Its clones share it.
#[derive(Clone, Debug, Default)]
pub struct Pressure(Arc<AtomicBool>);

impl Pressure {
    /// Whether memory is nearly used up.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Admits a call of a class, unless memory is nearly used up and the class takes memory. Short reads and calls of
    /// operators are always admitted: an operator may have to intervene.
    ///
    /// # Errors
    ///
    /// Fails if memory is nearly used up and the class takes memory.
    pub fn check(&self, class: RateClass) -> Result<(), Error> {
        let takes_memory = match class {
            RateClass::Read | RateClass::Admin => false,
            RateClass::Preview
            | RateClass::Write
            | RateClass::UploadStart
            | RateClass::WatchOpen => true,
        };
        if takes_memory && self.is_on() {
            return Err(Error::Overloaded);
        }
        Ok(())
    }

    /// Checks the memory until `drain` is cancelled. Returns at once if memory is not limited.
    pub async fn watch(self, memory: Arc<dyn Memory>, drain: CancellationToken) {
        let Some(most) = memory.most() else { return };
        tracing::info!(memory.bytes_max = most, "memory is limited");
        while !drain.is_cancelled() {
            let used = memory.used().unwrap_or_default();
            metrics::gauge!("sluice_memory_used_ratio").set(ratio(used, most));
            self.turn(used, most);
            tokio::select! {
                () = tokio::time::sleep(CHECK_INTERVAL) => {}
                () = drain.cancelled() => {}
            }
        }
    }

    fn turn(&self, used: u64, most: u64) {
        let percent = if self.is_on() {
            OFF_PERCENT
        } else {
            ON_PERCENT
        };
        let is_on = used.saturating_mul(100) >= most.saturating_mul(percent);
        if self.0.swap(is_on, Ordering::Relaxed) != is_on {
            tracing::warn!(memory.bytes = used, is_on, "memory pressure has changed");
        }
    }
}

fn ratio(used: u64, most: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a ratio for display: six decimal places are more than enough"
    )]
    let ratio = used as f64 / most.max(1) as f64;
    ratio
}

#[cfg(test)]
mod tests {
    use super::Pressure;
    use crate::domain::limits::class::RateClass;

    #[test]
    fn calls_that_take_memory_are_refused_until_there_is_more() {
        let pressure = Pressure::default();
        let mut refused = Vec::new();
        for used in [84, 85, 84, 80, 79, 84, 99] {
            pressure.turn(used, 100);
            refused.push(pressure.check(RateClass::UploadStart).is_err());
            assert!(pressure.check(RateClass::Read).is_ok());
            assert!(pressure.check(RateClass::Admin).is_ok());
        }
        assert_eq!(refused, [false, true, true, true, false, false, true]);
    }
}
