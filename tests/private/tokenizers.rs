//! The tokenizers of the tests: those that are built in, and the files that `scripts/setup` made.

use std::path::Path;
use std::sync::LazyLock;

use sluice::application::ports::tokenizers::Tokenizers;
use sluice::domain::chunking::loaded_spec::LoadedSpec;
use sluice::domain::chunking::spec::checked::Spec;
use sluice::infrastructure::tokenizers::folder::TokenizerFolder;

/// The folder of the files.
pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/tokenizers");

/// The tokenizers.
pub(crate) static TOKENIZERS: LazyLock<TokenizerFolder> = LazyLock::new(|| {
    let folder = Path::new(FOLDER);
    let folder = if folder.is_dir() {
        folder
    } else {
        Path::new("")
    };
    TokenizerFolder::open(folder).unwrap()
});

/// Returns a spec with its tokenizer.
pub(crate) fn loaded(spec: &Spec) -> LoadedSpec {
    let tokenizer = spec.tokenizer().map(|id| TOKENIZERS.find(id).unwrap());
    LoadedSpec::new(spec.clone(), tokenizer).unwrap()
}
