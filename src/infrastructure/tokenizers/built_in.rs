//! The byte-pair encodings of OpenAI.

use std::fmt;
use std::sync::{Arc, LazyLock};

use crate::domain::chunking::tokens::split_rule::SplitRule;
use crate::domain::chunking::tokens::tokenizer::{
    CL100K_BASE, O200K_BASE, SharedTokenizer, Tokenizer, TokenizerId,
};

/// A character has at most four bytes, and each byte is a token.
const CHARACTER_TOKENS_MAX: usize = 4;

/// A tokenizer of the program. Its tables are read when it is first used: 33 MB for `cl100k_base`, 66 MB for
/// `o200k_base`.
struct BuiltIn {
    id: TokenizerId,
    tokenizer: &'static LazyLock<&'static bpe_openai::Tokenizer>,
}

static CL100K: LazyLock<&bpe_openai::Tokenizer> = LazyLock::new(bpe_openai::cl100k_base);
static O200K: LazyLock<&bpe_openai::Tokenizer> = LazyLock::new(bpe_openai::o200k_base);

/// Returns the tokenizer of that name.
pub(super) fn named(name: &str) -> Option<SharedTokenizer> {
    let tokenizer = match name {
        CL100K_BASE => &CL100K,
        O200K_BASE => &O200K,
        _ => return None,
    };
    let id = TokenizerId::built_in(name)?;
    Some(Arc::new(BuiltIn { id, tokenizer }))
}

impl Tokenizer for BuiltIn {
    fn id(&self) -> &TokenizerId {
        &self.id
    }

    fn count(&self, text: &str) -> usize {
        self.tokenizer.count(text)
    }

    fn split_rule(&self) -> SplitRule {
        // No piece of their patterns has a space after another character, nor a letter before a punctuation mark.
        SplitRule::SpacesAndPunctuation
    }

    fn character_tokens_max(&self) -> usize {
        CHARACTER_TOKENS_MAX
    }
}

impl fmt::Debug for BuiltIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BuiltIn").field(&self.id).finish()
    }
}
