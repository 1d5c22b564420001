//! The words of comments, messages and documents.
//!
//! Comments of Rust, protos, SQL and TOML, error texts, test names and Markdown use no listed phrase. A phrase is a
//! row of words; `a|b` stands for either, and `*` for any word. Code in backticks and fences does not count.

use std::fs;
use std::path::{Path, PathBuf};

/// The longest sentence of a document, in words. Tables are exempt.
const SENTENCE_WORDS_MAX: usize = 30;

/// Phrases that name no actor, or stand for a plain verb.
const PHRASES: &[&str] = &[
    "whoever|whatever|whomever|nobody|somebody|everybody",
    "what is|was|are|were|has|had|came|comes|stands|stood|follows|remains|may|must|can|will|does|do|did",
    "for|to|of|by|from|with|and|but|or|than|as who",
    "as what",
    "so many|much|long|often|few|little",
    "told|heard|hear|hears|hearing",
    "go|goes|gone|went|going on",
    "sent|send|sends|sending away",
    "sent|send|sends|sending * away",
    "let|lets|letting in",
    "let|lets|letting * in",
    "but for|by",
    "by and by",
    "now and then",
    "it is looked|asked|said|told|waited|tried|seen|known|gone|let|read|counted|kept|taken|made",
    "is|are|was|were|be|been looked|waited|listened|asked at|for|after|to|into",
    "of|for no|little|much use",
    "come so far",
    "at rest again",
    "all the same",
    "has|have|had come up|in|about",
];

/// Phrases that begin no sentence and no clause after a colon or semicolon.
const BEGINNINGS: &[&str] = &["what", "who", "none", "it is"];

/// The folders and files that have prose.
const PLACES: &[&str] = &[
    "src",
    "tests",
    "benches",
    "fuzz",
    "proto",
    "migrations",
    "docs",
    "grpcurl-examples",
    "clients/README.md",
    "build.rs",
    "sluice.example.toml",
    "README.md",
    "ARCHITECTURE.md",
    "SECURITY.md",
    "CONTRIBUTING.md",
];

/// Folders that hold no prose of the project: texts to cut, and what tools make.
const SKIPPED: &[&str] = &["corpus", "golden", "target", "node_modules"];

#[test]
fn prose_uses_no_listed_phrase() {
    let mut faults = Vec::new();
    for path in paths() {
        for (line, text) in blocks(&path) {
            let words = words(&text);
            for phrase in phrases_in(&words) {
                faults.push(format!("{}:{line}: \"{phrase}\": {text}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn sentences_of_documents_are_short() {
    let mut faults = Vec::new();
    let documents = paths().into_iter().filter(|path| extension(path) == "md");
    for path in documents {
        for (line, text) in blocks(&path) {
            let lengths = words(&text)
                .split_inclusive(|word| word.ends_sentence)
                .map(<[Word]>::len)
                .collect::<Vec<_>>();
            let longest = lengths.into_iter().max().unwrap_or_default();
            if longest > SENTENCE_WORDS_MAX && !text.starts_with('|') {
                faults.push(format!(
                    "{}:{line}: {longest} words: {text}",
                    path.display()
                ));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn the_check_finds_phrases_and_passes_plain_text() {
    let count = |text: &str| phrases_in(&words(text)).count();
    assert_eq!(count("What is counted before it is lost."), 2);
    assert_eq!(count("Rejects it; none: nobody is told"), 3);
    assert_eq!(count("A key lets its caller in."), 0);
    assert_eq!(count("A key that lets callers in."), 1);
    assert_eq!(
        count("Why a chunk is cut here; `what is` code is exempt."),
        0
    );
}

/// A word in lower case.
struct Word {
    text: String,
    begins_clause: bool,
    ends_sentence: bool,
}

/// Splits text into words. Code in backticks is one word, and a placeholder keeps its braces.
fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut begins_clause = true;
    for (number, part) in text.split('`').enumerate() {
        if number % 2 == 1 {
            words.push(Word {
                text: "`".to_owned(),
                begins_clause,
                ends_sentence: false,
            });
            begins_clause = false;
            continue;
        }
        for token in part.split_whitespace() {
            let is_inner = |one: char| one.is_alphanumeric() || "'{}".contains(one);
            let word = token.trim_matches(|one| !is_inner(one)).to_lowercase();
            let ends = token.trim_end_matches([')', '"', '*', '_']);
            let ends_sentence = ends.ends_with(['.', '!', '?', ':']);
            if word.is_empty() {
                if let Some(last) = words.last_mut() {
                    last.ends_sentence |= ends_sentence;
                }
            } else {
                begins_clause |= token.starts_with('(');
                words.push(Word {
                    text: word,
                    begins_clause,
                    ends_sentence,
                });
            }
            begins_clause = ends_sentence || ends.ends_with(';');
        }
    }
    words
}

/// The phrases that a text uses.
fn phrases_in(words: &[Word]) -> impl Iterator<Item = &'static str> {
    (0..words.len()).flat_map(move |at| {
        let rest = &words[at..];
        let anywhere = PHRASES.iter().filter(|phrase| begins_with(rest, phrase));
        let beginning = BEGINNINGS
            .iter()
            .filter(|phrase| rest[0].begins_clause && begins_with(rest, phrase));
        anywhere.chain(beginning).copied()
    })
}

fn begins_with(words: &[Word], phrase: &str) -> bool {
    let parts = phrase.split(' ').collect::<Vec<_>>();
    let is_within_sentence = words
        .iter()
        .take(parts.len() - 1)
        .all(|word| !word.ends_sentence);
    words.len() >= parts.len()
        && is_within_sentence
        && parts
            .iter()
            .zip(words)
            .all(|(part, word)| *part == "*" || part.split('|').any(|option| option == word.text))
}

/// The files that have prose.
fn paths() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pending = PLACES
        .iter()
        .map(|place| root.join(place))
        .collect::<Vec<_>>();
    let mut found = Vec::new();
    while let Some(path) = pending.pop() {
        let name = path.file_name().unwrap().to_string_lossy();
        if path.is_dir() && !SKIPPED.contains(&name.as_ref()) {
            let entries = fs::read_dir(&path).unwrap();
            pending.extend(entries.map(|entry| entry.unwrap().path()));
        } else if ["rs", "proto", "sql", "toml", "md", "sh"].contains(&extension(&path)) {
            found.push(path);
        }
    }
    found
}

fn extension(path: &Path) -> &str {
    path.extension()
        .and_then(|one| one.to_str())
        .unwrap_or_default()
}

/// The paragraphs of prose in a file, with the number of their first line.
fn blocks(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    let mut blocks: Vec<(usize, String)> = Vec::new();
    let (mut is_open, mut is_fenced) = (false, false);
    for (number, line) in text.lines().enumerate() {
        let prose = prose_of(extension(path), line.trim());
        is_fenced ^= prose.is_some_and(|prose| prose.starts_with("```"));
        let is_prose = |prose: &&str| !is_fenced && !prose.is_empty() && !prose.starts_with("```");
        let Some(prose) = prose.filter(is_prose) else {
            is_open = false;
            blocks.extend(printed(path, line).map(|text| (number + 1, text)));
            continue;
        };
        match blocks.last_mut().filter(|_| is_open && !begins_item(prose)) {
            Some((_, block)) => *block = format!("{block} {prose}"),
            None => blocks.push((number + 1, prose.to_owned())),
        }
        is_open = true;
    }
    blocks
}

/// The prose of a line: all of Markdown, else a comment.
fn prose_of<'a>(extension: &str, line: &'a str) -> Option<&'a str> {
    let marks: &[&str] = match extension {
        "md" => return Some(line),
        "rs" | "proto" => &["///", "//!", "//"],
        "sql" => &["--"],
        _ => &["#"],
    };
    let mark = marks.iter().find(|mark| line.starts_with(**mark))?;
    (!line.starts_with("#!")).then(|| line[mark.len()..].trim_start())
}

/// Whether a line begins an item of a list, a row of a table or a heading.
fn begins_item(line: &str) -> bool {
    let number = line.trim_start_matches(|one: char| one.is_ascii_digit());
    line.starts_with(['-', '*', '|', '#', '>'])
        || number.len() < line.len() && number.starts_with(". ")
}

/// The prose of a line of code: a text of the program on a line of its own, the text of an error, a comment behind code,
/// or the name of a test.
fn printed(path: &Path, line: &str) -> Option<String> {
    let line = line.trim();
    if extension(path) != "rs" {
        return None;
    }
    let is_program = path.iter().any(|part| part == "src");
    let literal = line.strip_prefix('"').filter(|_| is_program);
    if let Some(text) = literal.map(|text| text.trim_end_matches([',', '"', '\\'])) {
        // A line of several literals is a list of data.
        return (!text.contains("\", \"")).then(|| text.to_owned());
    }
    if let Some(text) = line.strip_prefix("#[error(\"") {
        return Some(text.trim_end_matches("\")]").to_owned());
    }
    let name = line
        .trim_start_matches("pub(crate) ")
        .trim_start_matches("async ");
    let name = name
        .strip_prefix("fn ")
        .and_then(|rest| rest.split_once("()"));
    if let Some((name, _)) = name.filter(|_| path.iter().any(|part| part == "tests")) {
        return Some(name.replace('_', " "));
    }
    let (code, comment) = line.rsplit_once(" // ")?;
    (code.matches('"').count() % 2 == 0).then(|| comment.to_owned())
}
