//! What every store has to keep: the same suite for each adapter.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

mod sqlite;
mod suite;
