//! Time and unique ids.

use std::fmt::Debug;

/// A point in time: microseconds since 1970, UTC.
pub type Timestamp = i64;

/// A 128-bit id: made by the server, or a UUID of a client.
pub type Uid = [u8; 16];

/// The only source of time and of uids.
pub trait Clock: Debug + Send + Sync {
    /// Returns the current time.
    fn now(&self) -> Timestamp;
    /// Returns a new uid. Later uids are greater than earlier ones (UUID version 7, RFC 9562).
    fn new_uid(&self) -> Uid;
    /// Returns 122 unpredictable random bits (UUID version 4, RFC 9562).
    fn new_secret(&self) -> Uid;
}
