//! The text of an API key: `sluice_{prefix}_{secret}`. The store knows the prefix, by which the key is
//! found, and the digest of the secret.

use crate::application::ports::clock::Clock;
use crate::domain::identity::secret::Secret;
use crate::domain::ingest::digest::{hex, sha256};

/// What every key begins with, so that people and scanners know one when they see it.
const BEGINNING: &str = "sluice_";
/// 64 bits: two keys of the same prefix are not to be expected, and refused by the store.
const PREFIX_DIGITS: usize = 16;
/// 256 bits.
const SECRET_DIGITS: usize = 64;

/// A key that was just made.
#[derive(Clone, Debug)]
pub struct Minted {
    /// The whole text, for its owner.
    pub text: Secret,
    /// For the store.
    pub presented: Presented,
}

/// What a key's text comes to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Presented {
    /// Its beginning and prefix: what it is found by, and what people are shown.
    pub lookup: String,
    /// The digest of its secret.
    pub digest: [u8; 32],
}

/// Makes a key of 256 random bits.
#[must_use]
pub fn mint(clock: &dyn Clock) -> Minted {
    // Three times 122 random bits are more than the 256 that come out.
    let random = || sha256(&[clock.new_secret(), clock.new_secret(), clock.new_secret()].concat());
    let prefix = &hex(&random())[..PREFIX_DIGITS];
    let secret = hex(&random());
    Minted {
        text: Secret::new(format!("{BEGINNING}{prefix}_{secret}")),
        presented: Presented {
            lookup: format!("{BEGINNING}{prefix}"),
            digest: sha256(secret.as_bytes()),
        },
    }
}

/// Whether a text says of itself that it is a key.
#[must_use]
pub fn is_key(text: &str) -> bool {
    text.starts_with(BEGINNING)
}

/// Reads a key's text; none if it is no key's.
#[must_use]
pub fn read(text: &str) -> Option<Presented> {
    let (prefix, secret) = text.strip_prefix(BEGINNING)?.split_once('_')?;
    let is_hex = |text: &str| {
        text.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_key = prefix.len() == PREFIX_DIGITS && secret.len() == SECRET_DIGITS;
    (is_key && is_hex(prefix) && is_hex(secret)).then(|| Presented {
        lookup: format!("{BEGINNING}{prefix}"),
        digest: sha256(secret.as_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use super::{mint, read};
    use crate::application::ports::clock::{Clock, Timestamp, Uid};

    /// Counts, so that no two secrets are the same.
    #[derive(Debug, Default)]
    struct Counting(std::sync::atomic::AtomicU8);

    impl Clock for Counting {
        fn now(&self) -> Timestamp {
            0
        }

        fn new_uid(&self) -> Uid {
            [0; 16]
        }

        fn new_secret(&self) -> Uid {
            [self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed); 16]
        }
    }

    #[test]
    fn a_key_is_read_as_it_was_made_and_nothing_else_is_a_key() {
        let minted = mint(&Counting::default());
        let text = minted.text.expose();
        assert_eq!(read(text), Some(minted.presented.clone()));
        assert_eq!(text.len(), 7 + 16 + 1 + 64);
        assert!(!format!("{minted:?}").contains(text));
        let cut = &text[..text.len() - 1];
        for wrong in [
            "",
            "sluice_",
            cut,
            &text.to_uppercase(),
            &format!("{text}0"),
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
