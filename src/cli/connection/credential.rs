//! The credential that a client sends to a server: a key or a token.

use std::path::Path;

use anyhow::{Context, anyhow};
use tonic::codegen::http::HeaderValue;

use crate::domain::identity::secret::Secret;

/// A credential, or none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credential(Option<HeaderValue>);

impl Credential {
    /// Returns the credential with this key or token.
    pub(crate) fn key(key: &Secret) -> anyhow::Result<Self> {
        let value = HeaderValue::try_from(format!("Bearer {}", key.expose()));
        let mut value = value.map_err(|_secret| anyhow!("the key has invalid characters"))?;
        value.set_sensitive(true);
        Ok(Self(Some(value)))
    }

    /// Reads the credential in a file.
    pub(crate) fn file(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        Self::key(&Secret::new(text.trim().to_owned()))
    }

    /// Returns the value of the header `authorization`. `None` means that there is no credential.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        self.0.clone()
    }
}
