//! What a client shows to a server: a key or a token.

use std::path::Path;

use anyhow::{Context, anyhow};
use tonic::codegen::http::HeaderValue;

use crate::domain::identity::secret::Secret;

/// Shows a credential, or nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown(Option<HeaderValue>);

impl Shown {
    /// Shows this key or token.
    pub(crate) fn key(key: &Secret) -> anyhow::Result<Self> {
        let shown = HeaderValue::try_from(format!("Bearer {}", key.expose()));
        let mut shown = shown.map_err(|_secret| anyhow!("the key is not one"))?;
        shown.set_sensitive(true);
        Ok(Self(Some(shown)))
    }

    /// Shows what a file has.
    pub(crate) fn file(file: &Path) -> anyhow::Result<Self> {
        Self::key(&Secret::new(text_of(file)?.trim().to_owned()))
    }

    /// One for each line of a file.
    pub(crate) fn lines(file: &Path) -> anyhow::Result<Vec<Self>> {
        let text = text_of(file)?;
        let keys = text.lines().map(|line| Secret::new(line.trim().to_owned()));
        keys.map(|key| Self::key(&key)).collect()
    }

    /// The value of the header `authorization`, if there is one.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        self.0.clone()
    }
}

fn text_of(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}
