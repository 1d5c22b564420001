//! Points in time.

use std::time::Duration;

/// A point in time: microseconds since the start of 1970, UTC, without leap seconds.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest time.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest time.
    pub const MAX: Self = Self(i64::MAX);

    /// Returns the time that is `micros` microseconds after the start of 1970.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Returns the microseconds since the start of 1970.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Returns the time that is `duration` later, at most [`Timestamp::MAX`].
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(whole_micros(duration)))
    }

    /// Returns the time that is `duration` earlier, at least [`Timestamp::MIN`].
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(whole_micros(duration)))
    }

    /// Returns the duration since `earlier`, or zero if `earlier` is later: the clocks of instances differ.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let micros = self.0.saturating_sub(earlier.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or_default())
    }

    /// Returns the start of the interval that contains the time, if intervals of that length follow each other from
    /// the start of 1970.
    #[must_use]
    pub fn floor(self, interval: Duration) -> Self {
        let micros = self.0.rem_euclid(whole_micros(interval).max(1));
        Self(self.0.saturating_sub(micros))
    }
}

/// Returns the whole microseconds of a duration, at most `i64::MAX`.
fn whole_micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Timestamp;

    #[test]
    fn times_stay_in_their_range() {
        let second = Duration::from_secs(1);
        let at = Timestamp::from_micros(500_000);
        assert_eq!(at.plus(second).micros(), 1_500_000);
        assert_eq!(at.minus(second).micros(), -500_000);
        assert_eq!(at.plus(second).since(at), second);
        assert_eq!(at.since(at.plus(second)), Duration::ZERO);
        assert_eq!(at.plus(Duration::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.minus(second), Timestamp::MIN);
        assert_eq!(
            Timestamp::MAX.since(Timestamp::MIN).as_micros(),
            i64::MAX.unsigned_abs().into()
        );
    }

    #[test]
    fn an_interval_begins_at_or_before_each_of_its_times() {
        let minute = Duration::from_mins(1);
        for (at, start) in [
            (0, 0),
            (59_999_999, 0),
            (60_000_000, 60_000_000),
            (-1, -60_000_000),
        ] {
            assert_eq!(
                Timestamp::from_micros(at).floor(minute).micros(),
                start,
                "{at}"
            );
        }
    }
}
