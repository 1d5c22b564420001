//! The text of an API key: `sluice_{prefix}_{secret}`. The store has the prefix, by which it finds the key, and the
//! digest of the secret.

use crate::application::ports::clock::Clock;
use crate::domain::identity::secret::Secret;
use crate::domain::ingest::digest::{hex, sha256};

/// The beginning of every key, by which people and scanners recognize it.
const BEGINNING: &str = "sluice_";
/// 64 bits: a second key of the same prefix is unlikely, and the store rejects it.
const PREFIX_DIGITS: usize = 16;
/// 256 bits.
const SECRET_DIGITS: usize = 64;

/// A new key.
#[derive(Clone, Debug)]
pub struct Minted {
    /// The whole text, which only its owner receives.
    pub text: Secret,
    /// The parts for the store.
    pub presented: Presented,
}

/// The parts of a key by which the store finds and verifies it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Presented {
    /// The beginning and the prefix, which may be displayed.
    pub lookup: String,
    /// The SHA-256 digest of the secret.
    pub digest: [u8; 32],
}

/// Generates a key of 256 random bits.
#[must_use]
pub fn mint(clock: &dyn Clock) -> Minted {
    // Three random uids of 122 bits each have more than the 256 bits of a digest.
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

/// Whether a text begins as a key does.
#[must_use]
pub fn is_key(text: &str) -> bool {
    text.starts_with(BEGINNING)
}

/// Parses the text of a key. Returns `None` if the text is not a key.
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
    use crate::application::ports::clock::Clock;
    use crate::domain::timestamp::Timestamp;

    /// A clock whose secrets are all different.
    #[derive(Debug, Default)]
    struct Counting(std::sync::atomic::AtomicU8);

    impl Clock for Counting {
        fn now(&self) -> Timestamp {
            Timestamp::default()
        }

        fn new_uid(&self) -> [u8; 16] {
            [0; 16]
        }

        fn new_secret(&self) -> [u8; 16] {
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
