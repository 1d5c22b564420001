//! The credential that a client sends to a server: a key or a token.

use std::path::Path;

use anyhow::{Context, anyhow};
use tonic::codegen::http::HeaderValue;

use crate::domain::identity::secret::Secret;

/// A credential, or none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown(Option<HeaderValue>);

impl Shown {
    /// Returns the credential with this key or token.
    pub(crate) fn key(key: &Secret) -> anyhow::Result<Self> {
        let shown = HeaderValue::try_from(format!("Bearer {}", key.expose()));
        let mut shown = shown.map_err(|_secret| anyhow!("the key has invalid characters"))?;
        shown.set_sensitive(true);
        Ok(Self(Some(shown)))
    }

    /// Reads the credential in a file.
    pub(crate) fn file(file: &Path) -> anyhow::Result<Self> {
        Self::key(&Secret::new(text_of(file)?.trim().to_owned()))
    }

    /// Reads a credential from each line of a file.
    pub(crate) fn lines(file: &Path) -> anyhow::Result<Vec<Self>> {
        let text = text_of(file)?;
        let keys = text.lines().map(|line| Secret::new(line.trim().to_owned()));
        keys.map(|key| Self::key(&key)).collect()
    }

    /// Returns the value of the header `authorization`. `None` means that there is no credential.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        self.0.clone()
    }
}

fn text_of(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}
