//! The time after which the sockets of a stopping server reconnect. Each has a random one, so that the other instances
//! do not receive all of them at once.

/// The longest time, in milliseconds.
const RECONNECT_WITHIN_MS: u64 = 5_000;

/// Returns the time for a socket in milliseconds, by random bytes.
pub(super) fn after_ms(random: [u8; 16]) -> u64 {
    let within = u128::from(RECONNECT_WITHIN_MS);
    u64::try_from(u128::from_be_bytes(random) % within).unwrap_or(RECONNECT_WITHIN_MS)
}
