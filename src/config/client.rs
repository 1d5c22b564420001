//! What the environment says to the commands that talk to a server.

use crate::domain::secret::Secret;

/// The key that a command shows to a server. It is no setting of an instance.
pub(super) const API_KEY: &str = "SLUICE_API_KEY";

/// The key that the environment has, if it has one.
#[must_use]
pub fn api_key() -> Option<Secret> {
    let found = std::env::vars_os().find(|(name, _)| name == API_KEY);
    let key = found.and_then(|(_, key)| key.into_string().ok());
    key.filter(|key| !key.is_empty()).map(Secret::new)
}
