//! What was read a moment ago, so that not every call reads it again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long it is believed: what is revoked is refused within 5 seconds, reading it included.
const FRESH: Duration = Duration::from_secs(3);
/// How many are kept, some 300 bytes each. Who comes when all are fresh is read each time.
const KEPT_MAX: usize = 4_096;

/// Values by their names, each for a moment.
#[derive(Debug)]
pub struct Recent<V> {
    /// A std mutex: never held across an await.
    values: Mutex<HashMap<String, (Instant, V)>>,
}

impl<V> Default for Recent<V> {
    fn default() -> Self {
        Self {
            values: Mutex::default(),
        }
    }
}

impl<V: Clone> Recent<V> {
    /// The value, if it is fresh at that time.
    #[must_use]
    pub fn get(&self, name: &str, now: Instant) -> Option<V> {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, value) = values.get(name)?;
        (now.duration_since(*read_at) < FRESH).then(|| value.clone())
    }

    /// Keeps a value that was asked for at `read_at`.
    pub fn keep(&self, name: &str, value: V, read_at: Instant) {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        if values.len() >= KEPT_MAX {
            values.retain(|_, (before, _)| read_at.duration_since(*before) < FRESH);
        }
        if values.len() < KEPT_MAX {
            values.insert(name.to_owned(), (read_at, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{FRESH, KEPT_MAX, Recent};

    #[test]
    fn a_value_is_kept_for_a_moment_and_not_more_than_so_many() {
        let (recent, now) = (Recent::default(), Instant::now());
        for number in 0..=KEPT_MAX {
            recent.keep(&number.to_string(), number, now);
        }
        assert_eq!(recent.get("0", now), Some(0));
        let last = recent.get(&KEPT_MAX.to_string(), now);
        assert_eq!(last, None, "there was no room");
        let later = now + FRESH;
        assert_eq!(recent.get("0", later), None);
        recent.keep("new", 1, later);
        assert_eq!(recent.get("new", later), Some(1), "what is old makes room");
    }
}
