//! Time and unique ids.

use std::fmt::Debug;

use crate::domain::timestamp::Timestamp;

/// The only source of time and of uids.
pub trait Clock: Debug + Send + Sync {
    /// Returns the current time.
    fn now(&self) -> Timestamp;
    /// Returns the bytes of a new uid. Later uids are greater than earlier ones (UUID version 7, RFC 9562).
    fn new_uid(&self) -> [u8; 16];
    /// Returns 122 unpredictable random bits (UUID version 4, RFC 9562).
    fn new_secret(&self) -> [u8; 16];
}
