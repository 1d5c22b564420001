//! Signs positions in audit chains.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::application::ports::audit::Sealed;
use crate::domain::audit::Head;
use crate::domain::ingest::digest::sha256;

/// The kind of a signed position. A signature of one kind is not valid for the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignedPosition {
    /// The end of a chain.
    Head,
    /// The last entry that retention has removed from a chain.
    Checkpoint,
}

/// A signer by HMAC-SHA-256 (RFC 2104).
#[derive(Clone)]
pub struct ChainSigner {
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for ChainSigner {
    /// Omits the key.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ChainSigner")
            .finish_non_exhaustive()
    }
}

impl ChainSigner {
    /// Creates a signer with a key that all instances share.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        // The configured key may have any length. The digest binds it to this one use.
        let key = sha256(&[b"sluice audit log", key].concat());
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(&key);
        Self {
            mac: Hmac::new(&block.into()),
        }
    }

    /// Signs a position.
    #[must_use]
    pub fn sign(&self, place: SignedPosition, head: Head) -> Sealed {
        let mac = self.keyed(place, &head).finalize().into_bytes().into();
        Sealed { head, mac }
    }

    /// Whether the signature of a position is valid for that kind.
    #[must_use]
    pub fn is_whole(&self, place: SignedPosition, sealed: &Sealed) -> bool {
        let keyed = self.keyed(place, &sealed.head);
        keyed.verify_slice(&sealed.mac).is_ok()
    }

    fn keyed(&self, place: SignedPosition, head: &Head) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(match place {
            SignedPosition::Head => b"h",
            SignedPosition::Checkpoint => b"c",
        });
        mac.update(head.chain.bytes());
        mac.update(&head.seq.to_be_bytes());
        mac.update(&head.hash);
        mac
    }
}
