//! The tokenizer of a spec as stored.

use serde::{Deserialize, Serialize};

use crate::domain::chunking::tokens::tokenizer::TokenizerId;
use crate::domain::ingest::digest::hex;

/// The name of a tokenizer, and the digest of its file in hexadecimal.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredTokenizer {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

/// The error of stored data that is not a valid spec.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a stored spec is damaged")]
pub(super) struct Damaged;

impl StoredTokenizer {
    /// Converts the identity of a tokenizer into the stored form.
    pub(super) fn of(id: &TokenizerId) -> Self {
        Self {
            name: id.name().to_owned(),
            sha256: id.sha256().map(|sha256| hex(&sha256)),
        }
    }

    /// Returns the identity.
    pub(super) fn id(&self) -> Result<TokenizerId, Damaged> {
        let id = TokenizerId::new(&self.name).map_err(|_name| Damaged)?;
        match &self.sha256 {
            None => Ok(id),
            Some(sha256) => Ok(id.pinned(digest(sha256).ok_or(Damaged)?)),
        }
    }
}

/// Reads a digest in hexadecimal.
fn digest(hexadecimal: &str) -> Option<[u8; 32]> {
    if hexadecimal.len() != 64 {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, at) in digest.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(hexadecimal.get(at..at + 2)?, 16).ok()?;
    }
    Some(digest)
}
