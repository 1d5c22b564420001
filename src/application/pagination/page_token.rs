//! Page tokens and cursors (AIP-158). They are opaque to clients, and authenticated: the service accepts only tokens
//! that it issued to the same tenant for the same list.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::application::caller::Caller;
use crate::application::error::Error;

/// The bytes of the HMAC-SHA-256 in a token: 128 bits are enough against forgery (RFC 2104, 5).
const TAG_BYTES: usize = 16;
/// The longest accepted token. A tag with a document's id or a follower's cursor is much shorter.
const TOKEN_BYTES_MAX: usize = 2_048;

/// Signs tokens, and verifies them.
#[derive(Clone)]
pub struct Tokens {
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for Tokens {
    /// Omits the key.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Tokens {
    /// Creates the signer with a key that all instances share.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        // HMAC takes a key of one block, and pads a shorter one with zeros (RFC 2104, 2).
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(key);
        Self {
            mac: Hmac::new(&block.into()),
        }
    }

    /// Returns a token from which a list or stream resumes after `after`. `scope` identifies the list: the method and
    /// all arguments that must be the same in the next request.
    #[must_use]
    pub fn seal(&self, caller: &Caller, scope: &str, after: &str) -> String {
        let mut token = self.tag(caller, scope, after.as_bytes()).to_vec();
        token.extend_from_slice(after.as_bytes());
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Returns the position after which a token resumes.
    ///
    /// # Errors
    ///
    /// Fails with the field's name if the token is not valid for that caller and scope.
    pub fn open(
        &self,
        caller: &Caller,
        scope: &str,
        field: &'static str,
        token: &str,
    ) -> Result<String, Error> {
        let invalid = || Error::invalid(field, "must be one that a response to this request had");
        if token.len() > TOKEN_BYTES_MAX {
            return Err(invalid());
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(token)
            .map_err(|_not_base64| invalid())?;
        let (tag, after) = bytes.split_at_checked(TAG_BYTES).ok_or_else(invalid)?;
        self.keyed(caller, scope, after)
            .verify_truncated_left(tag)
            .map_err(|_forged| invalid())?;
        String::from_utf8(after.to_vec()).map_err(|_not_text| invalid())
    }

    fn tag(&self, caller: &Caller, scope: &str, after: &[u8]) -> [u8; TAG_BYTES] {
        let whole = self.keyed(caller, scope, after).finalize().into_bytes();
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&whole[..TAG_BYTES]);
        tag
    }

    fn keyed(&self, caller: &Caller, scope: &str, after: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        // With their lengths, so that no part can be shifted into the next one.
        for part in [caller.tenant.as_bytes(), scope.as_bytes(), after] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::Tokens;
    use crate::application::caller::Caller;

    #[test]
    fn only_an_unchanged_token_of_the_same_caller_and_scope_is_accepted() {
        let tokens = Tokens::new(&[7; 32]);
        let caller = Caller::anonymous();
        let stranger = Caller::of_tenant("other");
        let token = tokens.seal(&caller, "list", "row 50");
        let open = |tokens: &Tokens, caller: &Caller, scope: &str, token: &str| {
            tokens.open(caller, scope, "page_token", token).ok()
        };
        assert_eq!(
            open(&tokens, &caller, "list", &token).as_deref(),
            Some("row 50")
        );
        assert_eq!(open(&tokens, &stranger, "list", &token), None);
        assert_eq!(open(&tokens, &caller, "list of others", &token), None);
        assert_eq!(
            open(&Tokens::new(&[8; 32]), &caller, "list", &token),
            None,
            "another key"
        );
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let tampered = String::from_utf8(bytes).unwrap();
            assert_eq!(open(&tokens, &caller, "list", &tampered), None, "at {at}");
        }
        for nonsense in ["", "A", "nonsense", "!", &"A".repeat(5_000)] {
            assert_eq!(open(&tokens, &caller, "list", nonsense), None);
        }
    }
}
