//! Finds the tokenizers of the server, and those of the command line.

use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;

use crate::application::ports::tokenizers::Tokenizers as _;
use crate::application::spec_loader::SpecLoader;
use crate::domain::chunking::loaded_spec::LoadedSpec;
use crate::domain::chunking::spec::checked::Spec;
use crate::infrastructure::tokenizers::folder::TokenizerFolder;

/// Opens the directory of tokenizers. An empty path means no directory.
///
/// # Errors
///
/// Fails if the path is not a directory or cannot be read.
pub(super) fn spec_loader(root: &Path) -> io::Result<SpecLoader> {
    let folder = TokenizerFolder::open(root)?;
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(SpecLoader::new(Arc::new(folder), processors))
}

/// Loads the tokenizer of a spec, which is built in or in the directory `root`.
///
/// # Errors
///
/// Fails if the directory cannot be opened, or the tokenizer cannot be used or does not suit the spec.
pub fn loaded(spec: Spec, root: Option<&Path>) -> anyhow::Result<LoadedSpec> {
    let tokenizers = TokenizerFolder::open(root.unwrap_or_else(|| Path::new("")))?;
    let tokenizer = spec.tokenizer().map(|id| {
        let found = tokenizers.find(id);
        found.map_err(|error| anyhow!("the tokenizer {} {error}", id.name()))
    });
    Ok(LoadedSpec::new(spec, tokenizer.transpose()?)?)
}
