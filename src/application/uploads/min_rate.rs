//! The minimum rate of a client. Only time spent waiting for the client counts: a slow store is not the client's
//! fault.
//!
//! A client may itself wait for its source, such as a log that grows by a line an hour. It sends an empty message to
//! say so, which restarts the measurement. The idle limit still holds, and a slow upload holds little memory.

use std::time::Duration;

use crate::application::error::Error;
use crate::application::uploads::limits::UploadLimits;

/// The measured rate of one client.
#[derive(Debug)]
pub struct MinRate {
    bounds: UploadLimits,
    silent: Duration,
    waited: Duration,
    received_bytes: u64,
}

impl MinRate {
    /// Starts the measurement.
    #[must_use]
    pub fn new(bounds: UploadLimits) -> Self {
        Self {
            bounds,
            silent: Duration::ZERO,
            waited: Duration::ZERO,
            received_bytes: 0,
        }
    }

    /// Adds time spent waiting for the client.
    ///
    /// # Errors
    ///
    /// Fails if the client was silent for too long, or sends too slowly.
    pub fn waited(&mut self, waited: Duration) -> Result<(), Error> {
        self.silent += waited;
        self.waited += waited;
        if self.silent >= self.bounds.idle_max {
            let seconds = self.bounds.idle_max.as_secs();
            return Err(Error::UploadIdle { seconds });
        }
        if self.waited < self.bounds.rate_window {
            return Ok(());
        }
        let seconds = self.bounds.rate_window.as_secs();
        let least = self.bounds.rate_bytes_min.saturating_mul(seconds);
        if self.received_bytes < least {
            return Err(Error::UploadTooSlow {
                bytes_min: self.bounds.rate_bytes_min,
            });
        }
        (self.waited, self.received_bytes) = (Duration::ZERO, 0);
        Ok(())
    }

    /// Counts a message. An empty one means that the client waits for its source.
    pub fn received(&mut self, bytes: usize) {
        self.silent = Duration::ZERO;
        self.received_bytes += bytes as u64;
        if bytes == 0 {
            (self.waited, self.received_bytes) = (Duration::ZERO, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::MinRate;
    use crate::application::error::Error;
    use crate::application::uploads::limits::UploadLimits;

    const SECOND: Duration = Duration::from_secs(1);

    fn bounds() -> UploadLimits {
        UploadLimits {
            source_bytes_max: 1,
            memory_bytes_max: 1,
            waiting_bytes_max: 1,
            memory_wait_max: SECOND,
            idle_max: 30 * SECOND,
            rate_bytes_min: 16 * 1024,
            rate_window: 60 * SECOND,
            slow_reader_max: SECOND,
            old_version_kept: SECOND,
        }
    }

    #[test]
    fn a_silent_client_is_idle_unless_it_sends_an_empty_message() {
        let mut min_rate = MinRate::new(bounds());
        for _ in 0..29 {
            min_rate.waited(SECOND).unwrap();
        }
        min_rate.received(0);
        min_rate.waited(29 * SECOND).unwrap();
        assert!(matches!(
            min_rate.waited(SECOND),
            Err(Error::UploadIdle { seconds: 30 })
        ));
    }

    #[test]
    fn a_trickle_is_too_slow_after_a_minute_of_waiting() {
        for (bytes, is_too_slow) in [(1, true), (16_383, true), (16_384, false)] {
            let mut min_rate = MinRate::new(bounds());
            let result = (0..60).try_for_each(|_| {
                min_rate.received(bytes);
                min_rate.waited(SECOND)
            });
            assert_eq!(result.is_err(), is_too_slow, "{bytes} bytes a second");
            if let Err(error) = result {
                assert!(matches!(error, Error::UploadTooSlow { .. }), "{error}");
            }
        }
    }

    #[test]
    fn a_client_that_reports_waiting_may_send_a_trickle_forever() {
        let mut min_rate = MinRate::new(bounds());
        for second in 0..3_600 {
            min_rate.received(1);
            if second % 59 == 0 {
                min_rate.received(0);
            }
            min_rate.waited(SECOND).unwrap();
        }
        let result = (0..60).try_for_each(|_| {
            min_rate.received(1);
            min_rate.waited(SECOND)
        });
        assert!(matches!(result, Err(Error::UploadTooSlow { .. })));
    }
}
