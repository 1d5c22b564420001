//! The only real clock, and the only source of uids.

use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use crate::application::ports::clock::Clock;
use crate::domain::timestamp::Timestamp;

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Clock for System {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the time"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::default().plus(since)
    }

    fn new_uid(&self) -> [u8; 16] {
        Uuid::now_v7().into_bytes()
    }

    fn new_secret(&self) -> [u8; 16] {
        Uuid::new_v4().into_bytes()
    }
}
