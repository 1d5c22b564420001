//! The documents: the corpus, and pathological text.

use std::fs;
use std::path::Path;

/// A document, with its name for failures.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Document {
    pub(crate) fn new(name: &str, text: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            text: text.into(),
        }
    }

    /// Returns the first `characters` characters.
    pub(crate) fn head(&self, characters: usize) -> Self {
        let text = self.text.chars().take(characters).collect::<String>();
        Self {
            name: format!("{}, {characters} characters", self.name),
            text,
        }
    }
}

/// Returns real text, one document per script.
pub(crate) fn corpus() -> Vec<Document> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut paths = paths
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect::<Vec<_>>();
    paths.sort();
    assert!(paths.len() >= 12, "the corpus has at least twelve scripts");
    let document = |path: &std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        Document::new(name, fs::read_to_string(path).unwrap())
    };
    paths.iter().map(document).collect()
}

/// Returns a document with every block of Markdown.
pub(crate) fn markdown() -> Document {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/handbook.md");
    Document::new("Markdown", fs::read_to_string(path).unwrap())
}

/// Returns text that has broken chunkers. Each document has nearly `bytes` bytes.
pub(crate) fn pathological(bytes: usize) -> Vec<Document> {
    let units = [
        ("one letter", "a"),
        ("one space", " "),
        ("line feeds", "\n"),
        ("carriage returns and line feeds", "\r\n"),
        ("letters and spaces", "a "),
        ("full stops and spaces", ". "),
        ("letters and line feeds", "a\n"),
        ("paragraphs of one letter", "a\n\n"),
        ("hashes", "#"),
        ("pipes", "|"),
        ("backticks", "`"),
        ("brackets", "["),
        ("abbreviations", "e.g. 1.2.3 "),
        ("a sentence that never ends", "so it went on, "),
        ("ideographs", "\u{6C34}"),
        ("ideographic full stops", "\u{3002}"),
        ("combining marks", "\u{301}"),
        ("spaces with marks", " \u{301}"),
        ("regional indicators", "\u{1F1E9}\u{1F1EA}"),
        ("a family without end", "\u{1F468}\u{200D}"),
        ("conjuncts", "\u{915}\u{94D}"),
        ("prepended marks", "\u{600}"),
        ("byte order marks", "\u{FEFF}"),
        ("mixed widths", "a\u{DF}\u{6C34}\u{1F30A}"),
        ("empty headings", "#\n"),
        ("quotes in quotes", "> "),
        ("lists in lists", "- "),
        ("numbers of items", "1. a\n\n"),
        ("short fences", "```\na\n```\n"),
    ];
    let mut documents = units
        .map(|(name, unit)| Document::new(name, unit.repeat(bytes / unit.len())))
        .to_vec();
    let third = "x".repeat(bytes / 3);
    documents.push(Document::new(
        "a long word amid short ones",
        format!(
            "{}{third}{}",
            "so ".repeat(bytes / 9),
            " it".repeat(bytes / 9)
        ),
    ));
    let long_line = format!("{}\r", "line ".repeat(2_000));
    let begun = [
        ("a fence without end", "```\n", "    code\n"),
        (
            "a table without end",
            "| a | b |\n| - | - |\n",
            "| c | d |\n",
        ),
        ("a comment without end", "<!--\n", "a --\n"),
        ("front matter without end", "---\n", "a: b\n"),
        ("a long heading", "# ", "title "),
        ("long lines that end with carriage returns", "", &long_line),
    ];
    for (name, start, unit) in begun {
        let rest = unit.repeat(bytes.div_ceil(unit.len()));
        documents.push(Document::new(name, format!("{start}{rest}")));
    }
    let blank = " \t\r\n".repeat(bytes / 12);
    documents.push(Document::new(
        "blank lines amid text",
        format!("{third}{blank}{third}"),
    ));
    documents
}

/// Returns clusters of characters that a reader sees as one, among other characters.
pub(crate) fn graphemes() -> Document {
    let clusters = [
        "e\u{301}",
        "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}\u{200D}\u{1F466}",
        "\u{1F44D}\u{1F3FD}",
        "\u{1F1EF}\u{1F1F5}\u{1F1EB}\u{1F1F7}",
        "\u{D55C}\u{1100}\u{1161}\u{11A8}",
        "\u{915}\u{94D}\u{937}\u{93F}",
        "\r\n",
        " \u{308}",
        "a\u{30A}\u{327} ",
        "\u{0E01}\u{0E33}",
        "x",
        ". ",
        "\u{3002}\u{FE00}",
    ];
    Document::new("clusters", clusters.concat().repeat(12))
}

pub(crate) fn repeatable(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    // xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016.
    move |below| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        usize::try_from(state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap() % below.max(1)
    }
}
