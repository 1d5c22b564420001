//! Signs places in chains.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::application::ports::audit::Sealed;
use crate::domain::audit::Head;
use crate::domain::ingest::digest::sha256;

/// What a place is signed as: neither passes as the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// Where a chain ends.
    Head,
    /// Up to where it was forgotten.
    Checkpoint,
}

/// Signs by HMAC-SHA-256 (RFC 2104).
#[derive(Clone)]
pub struct Seal {
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for Seal {
    /// Without the key.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Seal").finish_non_exhaustive()
    }
}

impl Seal {
    /// With a key that all instances share.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        // Of any length, and used for nothing else.
        let key = sha256(&[b"sluice audit log", key].concat());
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(&key);
        Self {
            mac: Hmac::new(&block.into()),
        }
    }

    /// Signs a place.
    #[must_use]
    pub fn seal(&self, place: Place, head: Head) -> Sealed {
        let mac = self.keyed(place, &head).finalize().into_bytes().into();
        Sealed { head, mac }
    }

    /// Whether a place was signed as that.
    #[must_use]
    pub fn is_whole(&self, place: Place, sealed: &Sealed) -> bool {
        let keyed = self.keyed(place, &sealed.head);
        keyed.verify_slice(&sealed.mac).is_ok()
    }

    fn keyed(&self, place: Place, head: &Head) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(match place {
            Place::Head => b"h",
            Place::Checkpoint => b"c",
        });
        mac.update(&head.chain);
        mac.update(&head.seq.to_be_bytes());
        mac.update(&head.hash);
        mac
    }
}
