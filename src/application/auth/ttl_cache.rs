//! A cache of values with a short lifetime, so that not every call reads the store.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The lifetime of a value. A revocation takes effect within 5 seconds: 3 seconds here, 1.5 seconds until `revocation`
/// checks open sessions (`CHECK_INTERVAL`), and the time to read, unless the store is slow.
const FRESH: Duration = Duration::from_secs(3);
/// The most values, about 300 bytes each. While all of them are fresh, further values are read from the store each
/// time.
const KEPT_MAX: usize = 4_096;

/// The cached values, by name.
#[derive(Debug)]
pub struct TtlCache<V> {
    /// A std mutex: never held across an await.
    values: Mutex<HashMap<String, (Instant, V)>>,
}

impl<V> Default for TtlCache<V> {
    fn default() -> Self {
        Self {
            values: Mutex::default(),
        }
    }
}

impl<V: Clone> TtlCache<V> {
    /// Returns the value if it is fresh at `now`.
    #[must_use]
    pub fn get(&self, name: &str, now: Instant) -> Option<V> {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, value) = values.get(name)?;
        (now.duration_since(*read_at) < FRESH).then(|| value.clone())
    }

    /// Stores a value whose read began at `read_at`.
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

    use super::{FRESH, KEPT_MAX, TtlCache};

    #[test]
    fn values_expire_and_their_number_is_limited() {
        let recent = TtlCache::default();
        let now = Instant::now();
        for number in 0..=KEPT_MAX {
            recent.keep(&number.to_string(), number, now);
        }
        assert_eq!(recent.get("0", now), Some(0));
        let last = recent.get(&KEPT_MAX.to_string(), now);
        assert_eq!(last, None, "there was no room");
        let later = now + FRESH;
        assert_eq!(recent.get("0", later), None);
        recent.keep("new", 1, later);
        assert_eq!(
            recent.get("new", later),
            Some(1),
            "expired values make room"
        );
    }
}
