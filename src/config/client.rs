//! What the environment says to the commands that talk to a server.

use std::collections::HashMap;
use std::ffi::OsString;

use crate::domain::secret::Secret;

/// The key that a command shows to a server. It is no setting of an instance.
const API_KEY: &str = "SLUICE_API_KEY";

/// The key that the environment has, if it has one.
#[must_use]
pub fn api_key() -> Option<Secret> {
    let found = std::env::vars_os().find(|(name, _)| name == API_KEY);
    let key = found.and_then(|(_, key)| key.into_string().ok());
    key.filter(|key| !key.is_empty()).map(Secret::new)
}

/// What the environment has besides; what is no text is no setting.
pub(super) fn others(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> HashMap<String, String> {
    let texts = variables.filter_map(|(name, value)| {
        let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
        Some((name, value))
    });
    texts.filter(|(name, _)| name != API_KEY).collect()
}
