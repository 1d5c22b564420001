//! Loads the tokenizers of specs, and runs the steps of engines that count with them.

use std::sync::Arc;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;

use crate::application::error::Error;
use crate::application::ports::tokenizers::Tokenizers;
use crate::domain::chunking::loaded_spec::{self, LoadedSpec};
use crate::domain::chunking::spec::checked::Spec;
use crate::domain::chunking::spec::partial::Partial;
use crate::domain::chunking::tokens::tokenizer::{SharedTokenizer, TokenizerId};

/// Loads the tokenizers of specs.
#[derive(Clone, Debug)]
pub struct SpecLoader {
    tokenizers: Arc<dyn Tokenizers>,
    /// The steps that may count tokens at once: one processor stays free for everything else.
    steps: Arc<Semaphore>,
}

impl SpecLoader {
    /// Loads from `tokenizers`, on a machine with `processors`.
    #[must_use]
    pub fn new(tokenizers: Arc<dyn Tokenizers>, processors: usize) -> Self {
        let steps = processors.saturating_sub(1).max(1);
        Self {
            tokenizers,
            steps: Arc::new(Semaphore::new(steps)),
        }
    }

    /// Returns a spec with its tokenizer.
    ///
    /// # Errors
    ///
    /// Fails if this instance lacks the tokenizer, if it has another file than the spec is pinned to, or if it does not
    /// suit the spec.
    pub async fn load(&self, spec: &Spec) -> Result<LoadedSpec, Error> {
        let tokenizer = match spec.tokenizer() {
            Some(id) => Some(self.find(id).await?),
            None => None,
        };
        let loaded = LoadedSpec::new(spec.clone(), tokenizer);
        loaded.map_err(|error| unsuitable(spec, error))
    }

    /// Pins the tokenizer that a request names to its file, unless the request has its digest.
    ///
    /// # Errors
    ///
    /// Fails if this instance lacks the tokenizer.
    pub async fn pin(&self, chunking: &mut Partial) -> Result<(), Error> {
        let named = chunking.tokenizer.as_ref();
        if let Some(named) = named.filter(|named| named.sha256().is_none()) {
            let found = self.find(named).await?;
            chunking.tokenizer = Some(found.id().clone());
        }
        Ok(())
    }

    /// Runs a step of an engine. One that counts tokens takes milliseconds, so it leaves the threads that answer others.
    ///
    /// # Errors
    ///
    /// Fails only if the server stops.
    pub async fn run<T>(&self, counts_tokens: bool, step: impl FnOnce() -> T) -> Result<T, Error> {
        if !counts_tokens {
            return Ok(step());
        }
        // A runtime of one thread has no other thread to leave.
        let has_threads = Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
        if !has_threads {
            return Ok(step());
        }
        let _permit = self
            .steps
            .acquire()
            .await
            .map_err(|_closed| Error::Draining)?;
        Ok(tokio::task::block_in_place(step))
    }

    async fn find(&self, id: &TokenizerId) -> Result<SharedTokenizer, Error> {
        let tokenizers = Arc::clone(&self.tokenizers);
        let wanted = id.clone();
        let found = tokio::task::spawn_blocking(move || tokenizers.find(&wanted)).await;
        let found = found.map_err(|_panicked| Error::Panicked)?;
        found.map_err(|cause| Error::TokenizerUnavailable {
            name: id.name().to_owned(),
            cause: cause.to_string(),
        })
    }
}

/// Returns the error of a tokenizer that does not suit its spec.
fn unsuitable(spec: &Spec, error: loaded_spec::Error) -> Error {
    match error {
        loaded_spec::Error::TooFewTokens { .. } => {
            let field = match spec.limits().max_tokens() {
                Some(_) => "chunking.max_tokens",
                None => "chunking.max_size",
            };
            Error::invalid(field, error)
        }
        loaded_spec::Error::Changed { name } => Error::TokenizerUnavailable {
            name,
            cause: "has another digest than the spec is pinned to: put the file back, or name it again in the \
                    collection or request"
                .to_owned(),
        },
        loaded_spec::Error::NotLoaded { name } => Error::TokenizerUnavailable {
            name,
            cause: "is not loaded".to_owned(),
        },
    }
}
