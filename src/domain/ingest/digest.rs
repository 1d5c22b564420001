//! SHA-256 that can be stopped and gone on with.

use std::fmt::Write;

use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest, Sha256};

/// How many bytes a stopped digest has: state, block count and an unfinished block.
pub const STATE_BYTES: usize = 104;

/// A SHA-256 digest (FIPS 180-4) under way.
#[derive(Clone, Debug, Default)]
pub struct Running(Sha256);

impl Running {
    /// Goes on from a state; `None` if it is none.
    #[must_use]
    pub fn resume(state: &[u8; STATE_BYTES]) -> Option<Self> {
        let state = SerializedState::<Sha256>::from(*state);
        Sha256::deserialize(&state).ok().map(Self)
    }

    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The state to go on from.
    #[must_use]
    pub fn state(&self) -> [u8; STATE_BYTES] {
        self.0.serialize().into()
    }

    /// The digest of what was taken so far.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        self.0.clone().finalize().into()
    }
}

/// The digest of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A digest as people and programs write it: hexadecimal, in lower case.
#[must_use]
pub fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut hex, byte| {
        // A string takes everything.
        let _infallible = write!(hex, "{byte:02x}");
        hex
    })
}
