//! Time, and names that nobody else has.

use std::fmt::Debug;

/// A point in time: microseconds since 1970, UTC.
pub type Timestamp = i64;

/// A 128-bit name of the server's making, or a client's UUID.
pub type Uid = [u8; 16];

/// The only source of time and of uids.
pub trait Clock: Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
    /// A new uid, later ones greater than earlier ones (UUID version 7, RFC 9562).
    fn new_uid(&self) -> Uid;
    /// 122 random bits that nobody can guess (UUID version 4, RFC 9562).
    fn new_secret(&self) -> Uid;
}
