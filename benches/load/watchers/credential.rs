//! The credential that a client sends to a server: a key or a token.

use std::path::Path;

use anyhow::{Context, anyhow};
use http::HeaderValue;
use http::header::AUTHORIZATION;
use tonic::service::Interceptor;
use tonic::{Request, Status};

/// A credential, or none.
#[derive(Clone, Debug, Default)]
pub(super) struct Credential(Option<HeaderValue>);

impl Credential {
    /// Reads a credential from each line of a file.
    pub(super) fn lines(file: &Path) -> anyhow::Result<Vec<Self>> {
        let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let credentials = text.lines().map(|line| {
            let value = HeaderValue::try_from(format!("Bearer {}", line.trim()));
            let mut value = value.map_err(|_secret| anyhow!("a key has invalid characters"))?;
            value.set_sensitive(true);
            Ok(Self(Some(value)))
        });
        credentials.collect()
    }

    /// Returns the value of the header `authorization`. `None` means that there is no credential.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        self.0.clone()
    }
}

impl Interceptor for Credential {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = self.header() {
            let metadata = std::mem::take(request.metadata_mut());
            let mut headers = metadata.into_headers();
            headers.insert(AUTHORIZATION, value);
            *request.metadata_mut() = tonic::metadata::MetadataMap::from_headers(headers);
        }
        Ok(request)
    }
}
