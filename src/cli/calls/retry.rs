//! Retries while a server is away, busy or full, and the notes about them.

use std::cell::Cell;
use std::time::Duration;

use clap::Args;
use tokio::time::{Instant, sleep};
use tonic::Status;
use tonic_types::StatusExt;

use crate::cli::calls::backoff::jittered;
use crate::cli::calls::failure::{Faults, is_outage, is_passing};
use crate::cli::connection::channel::Connection;
use crate::cli::connection::unreached::Unreached;
use crate::cli::terminal::output;

/// Consecutive failures without a note. A busy server usually accepts one of the next two attempts.
const UNTOLD_MAX: u32 = 2;
/// The longest `--retry-for`.
const RETRY_MAX: Duration = Duration::from_hours(7 * 24);

/// The time limit of retries.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Retrying {
    /// Retry for this long without progress while the server is away, busy or full: 90s, 10m, 2h, up to 7d; 0 gives
    /// up at the first failure.
    #[arg(long, value_name = "DURATION", default_value = "2h", value_parser = duration)]
    pub(crate) retry_for: Duration,
}

/// Retries that the documents of a command share, so that each outage is reported once.
#[derive(Debug)]
pub(crate) struct Retries {
    connection: Connection,
    retry_for: Duration,
    outage: Cell<Outage>,
}

/// The outage that was reported.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Outage {
    None,
    /// The server is away. Its next answer ends the outage.
    Away,
    /// The server answers, but accepts no content.
    Full,
}

/// The attempts of one task.
#[derive(Debug)]
pub(crate) struct Tries<'a> {
    retries: &'a Retries,
    /// The time of the first failure since the last progress.
    since: Option<Instant>,
    failures: u32,
    faults: Faults,
}

impl Retries {
    pub(crate) fn new(connection: Connection, retry_for: Duration) -> Self {
        Self {
            connection,
            retry_for,
            outage: Cell::new(Outage::None),
        }
    }

    /// Starts the attempts of a task.
    pub(crate) fn tries(&self) -> Tries<'_> {
        Tries {
            retries: self,
            since: None,
            failures: 0,
            faults: Faults::default(),
        }
    }

    /// Repeats a call until the server answers it. The call must be safe to repeat.
    ///
    /// # Errors
    ///
    /// Fails with a final status, or after `retry_for` without an answer.
    pub(crate) async fn ask<T>(
        &self,
        call: impl AsyncFn() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let mut tries = self.tries();
        loop {
            match call().await {
                Ok(answer) => {
                    self.answered();
                    return Ok(answer);
                }
                Err(error) => tries.failed(error.downcast::<Status>()?).await?,
            }
        }
    }

    /// Whether another attempt may succeed.
    pub(crate) fn is_passing(&self, status: &Status) -> bool {
        is_passing(status, &self.connection)
    }

    /// Records that the server has answered a call.
    pub(crate) fn answered(&self) {
        if self.outage.get() == Outage::Away {
            self.end("answers again");
        }
    }

    /// Records that the server has accepted content.
    pub(crate) fn progressed(&self) {
        if self.outage.get() != Outage::None {
            self.end("takes content again");
        }
    }

    fn begin(&self, status: &Status) {
        if self.outage.get() != Outage::None {
            return;
        }
        let (outage, what) = if Unreached::of(status).is_some() {
            (Outage::Away, status.message().to_owned())
        } else {
            let url = self.connection.url();
            let code = status.code();
            let what = format!("{url}: {} ({code:?})", status.message());
            (Outage::Full, what)
        };
        self.outage.set(outage);
        output::note(&format!(
            "{what}; retrying for up to {} (--retry-for)",
            written(self.retry_for)
        ));
    }

    fn end(&self, how: &str) {
        self.outage.set(Outage::None);
        output::note(&format!("{} {how}: resuming", self.connection.url()));
    }
}

impl Tries<'_> {
    /// Waits before the next attempt.
    ///
    /// # Errors
    ///
    /// Fails with the status if it is final, or if the time is over.
    pub(crate) async fn failed(&mut self, status: Status) -> Result<(), Status> {
        let retries = self.retries;
        if !retries.is_passing(&status) {
            return Err(status);
        }
        self.failures += 1;
        let since = *self.since.get_or_insert_with(Instant::now);
        let left = retries.retry_for.saturating_sub(since.elapsed());
        if self.faults.are_too_many_with(&status) || left.is_zero() {
            return Err(status);
        }
        if is_outage(&status) || self.failures > UNTOLD_MAX {
            retries.begin(&status);
        }
        let wait = jittered(self.failures).max(asked_wait(&status));
        sleep(wait.min(left)).await;
        Ok(())
    }

    /// Whether the time without progress is over.
    pub(crate) fn are_over(&self) -> bool {
        let since = self.since;
        since.is_some_and(|since| since.elapsed() >= self.retries.retry_for)
    }

    /// Records progress, which restarts the time limit.
    pub(crate) fn progressed(&mut self) {
        *self = self.retries.tries();
    }
}

/// Returns the wait that the server asks for (`google.rpc.RetryInfo`).
fn asked_wait(status: &Status) -> Duration {
    let details = status.get_error_details();
    let asked = details.retry_info().and_then(|info| info.retry_delay);
    asked.unwrap_or_default()
}

/// Parses a duration: a number with the unit s, m, h or d. Without a unit the number means seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|character: char| !character.is_ascii_digit());
    let seconds = match &text[digits.len()..] {
        "" | "s" => Some(1),
        "m" => Some(60),
        "h" => Some(60 * 60),
        "d" => Some(24 * 60 * 60),
        _ => None,
    };
    let number = digits.parse::<u64>().ok();
    let duration = seconds
        .zip(number)
        .and_then(|(one, number)| number.checked_mul(one));
    let duration = duration.map(Duration::from_secs);
    duration
        .filter(|duration| *duration <= RETRY_MAX)
        .ok_or_else(|| {
            "must be seconds, or a number with the unit s, m, h or d as in 10m, up to 7d".to_owned()
        })
}

/// Formats a duration in hours, minutes or seconds, whichever is the largest whole unit.
fn written(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds.is_multiple_of(3_600) {
        format!("{}h", seconds / 3_600)
    } else if seconds.is_multiple_of(60) {
        format!("{}m", seconds / 60)
    } else {
        format!("{seconds}s")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{duration, written};

    #[test]
    fn durations_are_read_and_written() {
        for (text, seconds, again) in [
            ("0", 0, "0h"),
            ("90", 90, "90s"),
            ("90s", 90, "90s"),
            ("10m", 600, "10m"),
            ("2h", 7_200, "2h"),
            ("7d", 604_800, "168h"),
        ] {
            let read = duration(text).unwrap();
            assert_eq!(read, Duration::from_secs(seconds));
            assert_eq!(written(read), again);
        }
        for text in [
            "",
            "h",
            "-1",
            "1.5h",
            "8d",
            "1w",
            "99999999999999999999s",
            "1 h",
            "1hh",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
