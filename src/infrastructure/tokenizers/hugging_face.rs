//! Tokenizers of Hugging Face: `tokenizer.json`.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::domain::chunking::tokens::split_rule::SplitRule;
use crate::domain::chunking::tokens::tokenizer::{SharedTokenizer, Tokenizer, TokenizerId};
use crate::infrastructure::tokenizers::{locality, widest_character};

/// The models that count any text, each text alone the same every time.
const MODELS: [&str; 4] = ["BPE", "Unigram", "WordLevel", "WordPiece"];

/// The text with which a tokenizer must show that it counts.
const PROBE: &str = "Text to count, 1 2 3: \u{E9}\u{6F22}\u{1F30A}\n";

struct HuggingFace {
    id: TokenizerId,
    tokenizer: tokenizers::Tokenizer,
    split_rule: SplitRule,
    character_tokens_max: usize,
}

/// Makes a tokenizer of a file. The error is the reason why it is refused.
pub(super) fn read(id: TokenizerId, file: &[u8]) -> Result<SharedTokenizer, String> {
    let json = serde_json::from_slice(file).map_err(|error| format!("it is not JSON: {error}"))?;
    made(id, json)
}

/// Makes a tokenizer of the content of a `tokenizer.json`. The error is the reason why it is refused.
pub(super) fn made(id: TokenizerId, json: Value) -> Result<SharedTokenizer, String> {
    check_model(&json)?;
    let split_rule = locality::split_rule(&json);
    let mut tokenizer: tokenizers::Tokenizer = serde_json::from_value(json)
        .map_err(|error| format!("it is not a tokenizer.json: {error}"))?;
    // A count is that of the whole text, and of no padding.
    tokenizer
        .with_truncation(None)
        .map_err(|error| error.to_string())?
        .with_padding(None);
    let probed = tokenizer.encode_fast(PROBE, false);
    if probed
        .map_err(|error| format!("it cannot count: {error}"))?
        .is_empty()
    {
        return Err("it counts no tokens".to_owned());
    }
    let mut made = HuggingFace {
        id,
        tokenizer,
        split_rule,
        character_tokens_max: 1,
    };
    made.character_tokens_max = widest_character::tokens_max(|text| made.count(text));
    Ok(Arc::new(made))
}

fn check_model(json: &Value) -> Result<(), String> {
    let model = &json["model"];
    // Old files name no type; their models have one of these tables.
    if let Some(kind) = model["type"].as_str()
        && !MODELS.contains(&kind)
    {
        return Err(format!(
            "its model is {kind}, not one of {}",
            MODELS.join(", ")
        ));
    }
    let dropout = model["dropout"].as_f64().unwrap_or(0.0);
    if dropout > 0.0 {
        return Err("its model drops merges at random, so counts differ".to_owned());
    }
    Ok(())
}

impl Tokenizer for HuggingFace {
    fn id(&self) -> &TokenizerId {
        &self.id
    }

    fn count(&self, text: &str) -> usize {
        let encoded = self.tokenizer.encode_fast(text, false);
        // A model without a token for unknown characters may fail; its bytes are then an upper bound.
        encoded.map_or(text.len(), |encoded| encoded.len())
    }

    fn split_rule(&self) -> SplitRule {
        self.split_rule
    }

    fn character_tokens_max(&self) -> usize {
        self.character_tokens_max
    }
}

impl fmt::Debug for HuggingFace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HuggingFace").field(&self.id).finish()
    }
}
