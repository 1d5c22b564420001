//! Limits in tokens of `sluice chunk`.

use std::fs::{self, File};
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::world::{Folder, sluice};

/// The tokenizers that `scripts/setup` made.
const TOKENIZERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/tokenizers");
const TEXT: &str = "Counting tokens is not counting words: tokenization, 2,026 times. ";

fn chunk(arguments: &[&str], text: &str) -> Result<Vec<Value>, String> {
    let arguments = [&["chunk"], arguments].concat();
    let output = sluice(&arguments, text.as_bytes());
    if output.status.code() != Some(0) {
        return Err(String::from_utf8(output.stderr).unwrap());
    }
    let lines = str::from_utf8(&output.stdout).unwrap().lines();
    Ok(lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect())
}

#[test]
fn chunks_have_their_numbers_of_tokens() {
    let text = TEXT.repeat(50);
    let folder = ["--tokenizers", TOKENIZERS];
    for (arguments, most) in [
        (vec!["--strategy", "token", "--max-size", "40"], 40),
        (
            vec![
                "--measure",
                "tokens",
                "--max-size",
                "40",
                "--reserve-tokens",
                "2",
            ],
            38,
        ),
        (vec!["--max-tokens", "20", "--tokenizer", "o200k_base"], 20),
        (
            vec![
                "--measure",
                "tokens",
                "--max-size",
                "40",
                "--tokenizer",
                "word_piece.json",
            ],
            40,
        ),
    ] {
        let rows = chunk(&[&folder[..], &arguments].concat(), &text).unwrap();
        let joined = rows.iter().map(|row| row["text"].as_str().unwrap());
        assert_eq!(joined.collect::<String>(), text, "{arguments:?}");
        let counts = rows.iter().map(|row| row["tokens"].as_u64().unwrap());
        let counts = counts.collect::<Vec<_>>();
        let largest = *counts.iter().max().unwrap();
        assert!(
            largest <= most && largest + 8 > most,
            "{arguments:?}: {counts:?}"
        );
    }
    let rows = chunk(&[], TEXT).unwrap();
    assert_eq!(rows[0]["tokens"], json!(null), "nothing was counted");
}

/// Windows of tokens are full, and overlap by at most the requested number.
#[test]
fn windows_of_tokens_are_full() {
    let text = TEXT.repeat(100);
    let rows = chunk(
        &["--strategy", "token", "--max-size", "50", "--overlap", "10"],
        &text,
    )
    .unwrap();
    let (_, full) = rows.split_last().unwrap();
    let tokens = full.iter().map(|row| row["tokens"].as_u64().unwrap());
    let mean = tokens.sum::<u64>() / full.len() as u64;
    assert!(mean >= 48, "{mean} of 50");
}

#[test]
fn a_bad_tokenizer_is_refused_by_name_and_the_next_one_works() {
    let folder = Folder::new();
    let whole = fs::read(format!("{TOKENIZERS}/word_piece.json")).unwrap();
    folder.file("truncated.json", &whole[..whole.len() / 2]);
    folder.file("list.json", "[1, 2]");
    folder.file("empty.json", "");
    folder.file("noise.model", [0xFF; 100]);
    folder.file("model.json", br#"{"model": {"type": "Chars"}}"#);
    folder.file("good.json", &whole);
    let mut random: Value =
        serde_json::from_slice(&fs::read(format!("{TOKENIZERS}/byte_level.json")).unwrap())
            .unwrap();
    random["model"]["dropout"] = json!(0.1);
    folder.file("random.json", random.to_string());
    let large = File::create(folder.path().join("large.json")).unwrap();
    large.set_len(1 << 30).unwrap();
    symlink("good.json", folder.path().join("link.json")).unwrap();
    fs::create_dir(folder.path().join("folder.json")).unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    let used = |name: &str| {
        let arguments = [
            "--measure",
            "tokens",
            "--tokenizers",
            &path,
            "--tokenizer",
            name,
        ];
        chunk(&arguments, TEXT)
    };
    for (name, reason) in [
        ("truncated.json", "it is not JSON"),
        ("list.json", "it is not a tokenizer.json"),
        ("empty.json", "a SentencePiece model without pieces"),
        ("model.json", "its model is Chars"),
        ("random.json", "drops merges at random"),
        (
            "noise.model",
            "neither a tokenizer.json nor a SentencePiece model",
        ),
        ("large.json", "may have at most 67108864"),
        ("link.json", "there is no such file"),
        ("folder.json", "there is no such file"),
        ("missing.json", "there is no such file"),
        ("../good.json", "--tokenizer: must be"),
        ("/etc/passwd", "--tokenizer: must be"),
        (".hidden", "--tokenizer: must be"),
    ] {
        let refused = used(name).unwrap_err();
        assert!(refused.contains(reason), "{name}: {refused}");
        assert_eq!(used("good.json").unwrap().len(), 1);
    }
    let alone = chunk(&["--measure", "tokens", "--tokenizer", "good.json"], TEXT).unwrap_err();
    assert!(alone.contains("good.json is not built in"), "{alone}");
}

#[test]
fn limits_that_do_not_fit_name_the_field_and_the_remedy() {
    for (arguments, message) in [
        (
            vec!["--strategy", "token", "--measure", "words"],
            "measure is words (as given)",
        ),
        (
            vec!["--reserve-tokens", "2"],
            "nothing is measured in tokens",
        ),
        (
            vec!["--tokenizer", "o200k_base"],
            "nothing is measured in tokens",
        ),
        (
            vec!["--max-tokens", "8", "--reserve-tokens", "8"],
            "must be less than the limit in tokens, 8",
        ),
        (
            vec!["--measure", "tokens", "--max-size", "3"],
            "one character may have 4 tokens",
        ),
    ] {
        let refused = chunk(&arguments, TEXT).unwrap_err();
        assert!(refused.contains(message), "{arguments:?}: {refused}");
    }
}
