//! SHA-256 digests that can be suspended and resumed.

use std::fmt::Write;

use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest, Sha256};

use crate::domain::structure::context::Context;

/// The bytes of a suspended digest: state, block count and an unfinished block.
pub const STATE_BYTES: usize = 104;

/// An unfinished SHA-256 digest (FIPS 180-4).
#[derive(Clone, Debug, Default)]
pub struct Running(Sha256);

impl Running {
    /// Resumes from a saved state. Returns `None` if the bytes are not a state.
    #[must_use]
    pub fn resume(state: &[u8; STATE_BYTES]) -> Option<Self> {
        let state = SerializedState::<Sha256>::from(*state);
        Sha256::deserialize(&state).ok().map(Self)
    }

    /// Adds bytes to the digest.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns the state to resume from.
    #[must_use]
    pub fn state(&self) -> [u8; STATE_BYTES] {
        self.0.serialize().into()
    }

    /// Returns the digest of all bytes added until now.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        self.0.clone().finalize().into()
    }
}

/// Returns the SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Returns the digest of the headings and the introduction of a context.
#[must_use]
pub fn of_context(context: &Context) -> [u8; 32] {
    sha256(&context.identity())
}

/// Returns what identifies a text and its context, by their digests: that of the text without a context.
#[must_use]
pub fn key(text: [u8; 32], context: Option<[u8; 32]>) -> [u8; 32] {
    context.map_or(text, |context| sha256(&[text, context].concat()))
}

/// Formats a digest in hexadecimal, in lower case.
#[must_use]
pub fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _infallible = write!(hex, "{byte:02x}");
        hex
    })
}
