//! The wait before the next attempt.

use std::time::Duration;

use uuid::Uuid;

/// The longest wait after the first failure. It doubles with each failure, up to `WAIT_LAST`.
const WAIT_FIRST: Duration = Duration::from_millis(500);
const WAIT_LAST: Duration = Duration::from_secs(30);

/// Exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", 2015).
pub(crate) fn jittered(failures: u32) -> Duration {
    let longest = WAIT_FIRST
        .saturating_mul(1 << failures.saturating_sub(1).min(10))
        .min(WAIT_LAST);
    let [a, b, ..] = Uuid::new_v4().into_bytes();
    longest.mul_f64(f64::from(u16::from_be_bytes([a, b])) / f64::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::{WAIT_FIRST, WAIT_LAST, jittered};

    #[test]
    fn waits_grow_up_to_their_bound() {
        for failures in [0, 1, 2, 7, 40, u32::MAX] {
            for _ in 0..100 {
                assert!(jittered(failures) <= WAIT_LAST);
            }
        }
        assert!((0..100).all(|_| jittered(1) <= WAIT_FIRST));
        assert!((0..1_000).any(|_| jittered(7) > WAIT_LAST / 2));
    }
}
