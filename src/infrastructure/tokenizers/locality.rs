//! Decides from a `tokenizer.json` which places no token crosses.
//!
//! A tokenizer normalizes a text, divides it into words, and tokenizes each word. Before a space between two words
//! ([`SplitRule::Spaces`]) all of the normalizers and dividers listed here act on both sides alone. Anything that is not
//! listed counts as [`SplitRule::Nowhere`].

use serde_json::Value;

use crate::domain::chunking::tokens::split_rule::SplitRule;

/// Normalizers that act on each character, or compose characters, never across a space.
const LOCAL_NORMALIZERS: [&str; 9] = [
    "BertNormalizer",
    "Lowercase",
    "NFC",
    "NFD",
    "NFKC",
    "NFKD",
    "Nmt",
    "Precompiled",
    "StripAccents",
];

/// Patterns of `Split` that begin a word at each space after another character, and none before it: GPT-2, GPT-4 (also
/// Llama 3), Qwen 2 and GPT-4o.
const WORD_PATTERNS: [&str; 5] = [
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
];

/// Returns the places that no token crosses.
pub(super) fn split_rule(json: &Value) -> SplitRule {
    let divider = &json["pre_tokenizer"];
    // A word that is stripped of its space gets one again.
    let strips = divider["type"] == "Metaspace" && divider["prepend_scheme"] == "always";
    if !is_local(&json["normalizer"], strips) || !are_local(&json["added_tokens"]) {
        return SplitRule::Nowhere;
    }
    let rule = divider_rule(divider);
    if rule == SplitRule::SpacesAndPunctuation && decomposes(&json["normalizer"]) {
        SplitRule::Spaces
    } else {
        rule
    }
}

/// Whether a normalizer takes the marks of letters off, which then stand between a letter and punctuation.
fn decomposes(normalizer: &Value) -> bool {
    match normalizer["type"].as_str() {
        Some("Sequence") => list(&normalizer["normalizers"]).iter().any(decomposes),
        Some(name) => matches!(name, "NFD" | "NFKD"),
        None => false,
    }
}

/// Whether a normalizer acts on both sides of a space alone. `strips` says whether it may drop spaces at the ends.
fn is_local(normalizer: &Value, strips: bool) -> bool {
    match normalizer["type"].as_str() {
        None => normalizer.is_null(),
        Some("Sequence") => {
            let mut all = list(&normalizer["normalizers"]).iter();
            all.all(|one| is_local(one, strips))
        }
        Some("Strip") => strips,
        // Runs of spaces become one. A single space between two words stays.
        Some("Replace") => {
            normalizer["pattern"]["Regex"] == " {2,}" && normalizer["content"] == " "
        }
        Some(name) => LOCAL_NORMALIZERS.contains(&name),
    }
}

/// Whether no added token reaches across a space between words.
fn are_local(added: &Value) -> bool {
    list(added).iter().all(|token| {
        let content = token["content"].as_str().unwrap_or_default();
        let is_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
        let strips_before = token["lstrip"] == true && is_word(content.chars().next());
        let strips_after = token["rstrip"] == true;
        !content.contains(char::is_whitespace) && !strips_before && !strips_after
    })
}

fn divider_rule(divider: &Value) -> SplitRule {
    match divider["type"].as_str() {
        Some("BertPreTokenizer") => SplitRule::SpacesAndPunctuation,
        Some("Whitespace" | "WhitespaceSplit") => SplitRule::Spaces,
        // A space begins a word, and a word that begins with one gets no other.
        Some("Metaspace") if divider["split"] != false => SplitRule::Spaces,
        Some("ByteLevel") if divider["use_regex"] != false => SplitRule::SpacesAndPunctuation,
        Some("Split") if is_word_pattern(divider) => SplitRule::SpacesAndPunctuation,
        Some("Sequence") => {
            // The first divider divides; the others only divide further.
            let first = list(&divider["pretokenizers"]).first();
            first.map_or(SplitRule::Nowhere, divider_rule)
        }
        _ => SplitRule::Nowhere,
    }
}

fn is_word_pattern(divider: &Value) -> bool {
    let pattern = divider["pattern"]["Regex"].as_str();
    let is_kept = divider["behavior"] == "Isolated" && divider["invert"] != true;
    is_kept && pattern.is_some_and(|pattern| WORD_PATTERNS.contains(&pattern))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{WORD_PATTERNS, split_rule};
    use crate::domain::chunking::tokens::split_rule::SplitRule;

    #[test]
    fn only_known_parts_prove_a_place() {
        let bert = json!({ "type": "BertPreTokenizer" });
        let pattern = json!({
            "type": "Split", "pattern": { "Regex": WORD_PATTERNS[1] }, "behavior": "Isolated", "invert": false
        });
        let other = json!({
            "type": "Split", "pattern": { "Regex": ".{3}" }, "behavior": "Isolated", "invert": false
        });
        for (divider, expected) in [
            (bert.clone(), SplitRule::SpacesAndPunctuation),
            (json!({ "type": "Metaspace" }), SplitRule::Spaces),
            (
                json!({ "type": "Metaspace", "split": false }),
                SplitRule::Nowhere,
            ),
            (
                json!({ "type": "ByteLevel", "use_regex": false }),
                SplitRule::Nowhere,
            ),
            (pattern.clone(), SplitRule::SpacesAndPunctuation),
            (
                json!({ "type": "Sequence", "pretokenizers": [pattern, { "type": "ByteLevel" }] }),
                SplitRule::SpacesAndPunctuation,
            ),
            (other, SplitRule::Nowhere),
            (json!(null), SplitRule::Nowhere),
        ] {
            assert_eq!(
                split_rule(&json!({ "pre_tokenizer": divider })),
                expected,
                "{divider}"
            );
        }
        let decomposed = json!({ "normalizer": { "type": "NFD" }, "pre_tokenizer": bert });
        assert_eq!(split_rule(&decomposed), SplitRule::Spaces);
        for normalizer in [json!({ "type": "Strip" }), json!({ "type": "Prepend" })] {
            let json = json!({ "normalizer": normalizer, "pre_tokenizer": bert });
            assert_eq!(split_rule(&json), SplitRule::Nowhere, "{normalizer}");
        }
        for (token, is_local) in [
            (json!({ "content": "[CLS]" }), true),
            (json!({ "content": "<mask>", "lstrip": true }), true),
            (json!({ "content": "mask", "lstrip": true }), false),
            (json!({ "content": "<s>", "rstrip": true }), false),
            (json!({ "content": "two words" }), false),
        ] {
            let json = json!({ "pre_tokenizer": bert, "added_tokens": [token] });
            assert_eq!(split_rule(&json) != SplitRule::Nowhere, is_local, "{token}");
        }
    }
}
