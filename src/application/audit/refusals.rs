//! Refusals, summed by the minute: a flood of them becomes a few entries and takes a few kilobytes of memory.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::audit::Event;
use crate::domain::timestamp::Timestamp;

/// The interval of a sum: long enough that a flood becomes a small number of entries, short enough
/// to separate events later.
const MINUTE: Duration = Duration::from_mins(1);
/// The most sums of a minute. Further sources share one sum for each method and result.
const SUMS_MAX: usize = 1_024;
/// The source of such a shared sum.
const OTHERS: &str = "others";

/// The sums of the current minute.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    minute: Timestamp,
    /// The number of refusals by key, without their times and targets.
    sums: HashMap<RefusalKey, u64>,
}

/// The fields by which refusals are summed.
#[derive(Debug, Eq, Hash, PartialEq)]
struct RefusalKey {
    tenant: String,
    principal: String,
    source: String,
    method: String,
    result: String,
}

impl Refusals {
    /// Adds a refusal. Returns the sums of the minute before, if that is over.
    pub(super) fn add(&mut self, event: Event) -> Vec<Event> {
        let over = self.turn(event.at);
        let is_full = self.sums.len() >= SUMS_MAX;
        let Event {
            tenant,
            principal,
            source,
            method,
            result,
            count,
            ..
        } = event;
        let mut key = RefusalKey {
            tenant,
            principal,
            source,
            method,
            result,
        };
        if is_full && !self.sums.contains_key(&key) {
            key.tenant = String::new();
            key.principal = String::new();
            OTHERS.clone_into(&mut key.source);
        }
        *self.sums.entry(key).or_default() += count;
        over
    }

    /// Returns the sums of the current minute, if it is over at `now`.
    pub(super) fn turn(&mut self, now: Timestamp) -> Vec<Event> {
        let minute = now.floor(MINUTE);
        if minute == self.minute {
            return Vec::new();
        }
        let over = self.take();
        self.minute = minute;
        over
    }

    /// Removes and returns all sums.
    pub(super) fn take(&mut self) -> Vec<Event> {
        let at = self.minute;
        let sums = self.sums.drain();
        let events = sums.map(|(key, count)| Event {
            at,
            tenant: key.tenant,
            principal: key.principal,
            source: key.source,
            method: key.method,
            target: String::new(),
            result: key.result,
            count,
        });
        events.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Event, MINUTE, Refusals, SUMS_MAX};
    use crate::domain::timestamp::Timestamp;

    /// Returns the time after a number of minutes.
    fn minute(number: u32) -> Timestamp {
        Timestamp::default().plus(MINUTE * number)
    }

    fn refusal(source: &str, at: Timestamp) -> Event {
        Event {
            at,
            tenant: String::new(),
            principal: String::new(),
            source: source.to_owned(),
            method: "/a".to_owned(),
            target: "a target".to_owned(),
            result: "UNAUTHENTICATED".to_owned(),
            count: 1,
        }
    }

    #[test]
    fn refusals_are_summed_by_source_and_minute() {
        let mut refusals = Refusals::default();
        for (source, micros) in [("a", 0), ("b", 1), ("a", 59_999_999)] {
            let at = minute(1).plus(Duration::from_micros(micros));
            assert_eq!(refusals.add(refusal(source, at)), []);
        }
        let mut over = refusals.add(refusal("a", minute(2)));
        over.sort_by(|one, other| one.source.cmp(&other.source));
        let rows = over
            .iter()
            .map(|event| (&*event.source, event.count, event.at));
        assert_eq!(
            rows.collect::<Vec<_>>(),
            [("a", 2, minute(1)), ("b", 1, minute(1))]
        );
        assert!(over.iter().all(|event| event.target.is_empty()));
        assert_eq!(refusals.take().len(), 1);
        assert_eq!(refusals.turn(minute(3)), []);
    }

    #[test]
    fn a_flood_of_sources_takes_no_more_memory_and_is_counted() {
        let mut refusals = Refusals::default();
        for number in 0..5 * SUMS_MAX {
            refusals.add(refusal(&number.to_string(), minute(1)));
        }
        let sums = refusals.take();
        assert!(sums.len() <= SUMS_MAX + 1, "{}", sums.len());
        let counted = sums.iter().map(|sum| sum.count).sum::<u64>();
        assert_eq!(counted, 5 * SUMS_MAX as u64);
        assert!(sums.iter().any(|sum| sum.source == "others"));
    }
}
