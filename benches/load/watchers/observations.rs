//! The states that watchers have received, and the delays computed from them.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use super::subscription::State;

/// The states that one watcher has received.
#[derive(Debug, Default)]
pub(super) struct Observations {
    /// The number of the document that it watches.
    document: usize,
    /// Whether it reads nothing.
    pub(super) is_stalled: bool,
    /// The last sequence number; 0 before the first state.
    pub(super) seq: i64,
    /// Whether the terminal state was received.
    pub(super) has_ended: bool,
    /// States that were not newer than the one before, or that followed the terminal one.
    pub(super) faults: u32,
    /// The number of times that the connection was closed before the terminal state.
    pub(super) closes: u32,
    /// The reason of the first close.
    pub(super) close_reason: Option<String>,
    /// The longest time from a close until a server accepted the watch again.
    pub(super) absent_max: Duration,
    receipts: Vec<Receipt>,
    awaits_first: bool,
    closed_at: Option<Instant>,
}

/// A state that was received as an update.
#[derive(Clone, Copy, Debug)]
struct Receipt {
    seq: i64,
    at: Instant,
    /// The time since the server began to commit the state.
    delay: Option<Duration>,
}

impl Observations {
    /// Returns the record of a watcher that has not received a state.
    pub(super) fn of(document: usize, is_stalled: bool) -> Self {
        Self {
            document,
            is_stalled,
            ..Self::default()
        }
    }

    /// Records that a server has accepted the watch.
    pub(super) fn opened(&mut self) {
        self.awaits_first = true;
        if let Some(closed_at) = self.closed_at.take() {
            self.absent_max = self.absent_max.max(closed_at.elapsed());
        }
    }

    /// Records that the connection was closed, with the reason.
    pub(super) fn closed(&mut self, reason: &anyhow::Error) {
        self.closes += 1;
        self.close_reason
            .get_or_insert_with(|| format!("{reason:#}"));
        self.closed_at = Some(Instant::now());
    }

    /// Records that a state was received at `at`.
    pub(super) fn record(&mut self, state: State, at: Instant, clock: SystemTime) {
        if self.has_ended || state.seq <= self.seq {
            self.faults += 1;
            return;
        }
        self.seq = state.seq;
        self.has_ended = state.is_terminal;
        // The first state of a watch is no update.
        if !std::mem::take(&mut self.awaits_first) {
            let delay = state.update_time.map(|start| clock.duration_since(start));
            self.receipts.push(Receipt {
                seq: state.seq,
                at,
                delay: delay.map(Result::unwrap_or_default),
            });
        }
    }

    /// Returns the number of states that were received as updates.
    pub(super) fn updates(&self) -> usize {
        self.receipts.len()
    }
}

/// Times in ascending order.
#[derive(Debug)]
pub(super) struct Times(Vec<Duration>);

impl Times {
    /// Returns the times from the beginning of each state's commit to each of its receipts.
    pub(super) fn since_commit(all: &[Observations]) -> Self {
        Self::sorted(
            receipts(all)
                .filter_map(|(_, receipt)| receipt.delay)
                .collect(),
        )
    }

    /// Returns the times from the first receipt of each state to each other receipt of it.
    pub(super) fn since_first(all: &[Observations]) -> Self {
        let mut first = HashMap::new();
        for (document, receipt) in receipts(all) {
            let at = first.entry((document, receipt.seq)).or_insert(receipt.at);
            *at = receipt.at.min(*at);
        }
        let since =
            receipts(all).map(|(document, receipt)| receipt.at - first[&(document, receipt.seq)]);
        Self::sorted(since.filter(|since| !since.is_zero()).collect())
    }

    /// Returns the time that `percent` of the times do not exceed, in milliseconds; 0 without times.
    pub(super) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(rank).map_or(0.0, |time| milliseconds(*time))
    }

    fn sorted(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }
}

/// Returns the milliseconds of a time for a table, rounded to microseconds: smaller digits mean nothing.
pub(super) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

fn receipts(all: &[Observations]) -> impl Iterator<Item = (usize, Receipt)> {
    all.iter()
        .flat_map(|one| one.receipts.iter().map(|receipt| (one.document, *receipt)))
}

// A bench has no harness, so its tests run in `tests/service/load.rs`.
#[cfg(test)]
mod tests {
    #[test]
    fn states_out_of_order_twice_or_after_the_last_are_faults() {
        use super::*;

        let state = |seq, is_terminal| State {
            seq,
            is_terminal,
            update_time: Some(SystemTime::UNIX_EPOCH),
        };
        let at = Instant::now();
        let clock = SystemTime::UNIX_EPOCH;
        let mut observations = Observations::default();
        for (seq, is_terminal, faults) in [
            (2, false, 0),
            (2, false, 1),
            (1, false, 2),
            (3, true, 2),
            (4, false, 3),
        ] {
            observations.record(state(seq, is_terminal), at, clock);
            assert_eq!(observations.faults, faults, "{seq}");
        }
        assert!(observations.has_ended);
    }

    #[test]
    fn only_updates_count_in_times() {
        use super::*;

        let state = |seq, is_terminal| State {
            seq,
            is_terminal,
            update_time: Some(SystemTime::UNIX_EPOCH),
        };
        let at = Instant::now();
        let ms = Duration::from_millis;
        let all = [1, 5].map(|late| {
            let mut observations = Observations::default();
            observations.opened();
            let clock = SystemTime::UNIX_EPOCH + ms(late + 10);
            observations.record(state(1, false), at, clock);
            observations.record(state(2, true), at + ms(late), clock);
            observations
        });
        let commit = Times::since_commit(&all);
        let first = Times::since_first(&all);
        let of = |times: &Times| [50, 99].map(|percent| times.percentile(percent).to_string());
        assert_eq!(of(&commit), ["11", "15"]);
        assert_eq!(of(&first), ["4", "4"]);
        assert_eq!(of(&Times::since_first(&[])), ["0", "0"]);
    }
}
