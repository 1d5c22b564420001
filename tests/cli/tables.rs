//! Tables for people.

use unicode_width::UnicodeWidthStr;

use crate::world::{Folder, sluice};

/// Returns the table of a text, which has one chunk or several.
fn table(text: &str, options: &[&str]) -> String {
    let arguments = [&["chunk", "--output", "table"], options].concat();
    let output = sluice(&arguments, text.as_bytes());
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn text_is_printed_unchanged_in_a_table() {
    for text in [
        "Don't say \"no\" to C:\\new",
        "\u{1F469}\u{200D}\u{1F469}\u{200D}\u{1F466} a family",
        "\u{645}\u{6CC}\u{200C}\u{62E}\u{648}\u{627}\u{647}\u{645}",
        "e\u{301}a\u{308}\u{323} marks",
        "\u{5E9}\u{5DC}\u{5D5}\u{5DD}\u{200F}",
    ] {
        let shown = table(text, &[]);
        assert!(shown.contains(text), "{text:?}: {shown:?}");
    }
}

#[test]
fn characters_that_would_forge_a_line_are_escaped() {
    let shown = table("a\u{202E}b\u{2066}c\u{9b}d\x07e", &["--charset", "utf-8"]);
    assert!(
        shown.contains(r"a\u{202e}b\u{2066}c\u{9b}d\u{7}e"),
        "{shown:?}"
    );
}

#[test]
fn every_line_break_has_one_form_and_a_chunk_one_line() {
    let shown = table("one\ntwo\r\nthree\rfour\u{2028}five\n", &[]);
    assert_eq!(shown.lines().count(), 2, "{shown:?}");
    let line = "one\u{23CE}two\u{23CE}three\u{23CE}four\u{23CE}five\u{23CE}";
    assert!(shown.contains(line), "{shown:?}");
}

#[test]
fn a_pipe_gets_the_whole_text() {
    let text = "word ".repeat(190);
    assert!(table(&text, &[]).contains(text.trim_end()));
}

#[test]
fn columns_are_aligned_by_their_width_on_the_screen() {
    let folder = Folder::new();
    let long = "n".repeat(90);
    for name in [
        "\u{6C34}\u{9580}\u{6C34}\u{9580}",
        "e\u{301}e\u{301}",
        "a",
        &long,
    ] {
        folder.file(name, "text of the document");
    }
    let shown = table("", &[folder.path().to_str().unwrap()]);
    let head = shown.lines().next().unwrap();
    let at = |line: &str, part: &str| line[..line.find(part).unwrap()].width();
    let (bytes, text) = (at(head, "BYTES"), at(head, "TEXT"));
    assert_eq!(shown.lines().count(), 5, "{shown}");
    for line in shown.lines().skip(1) {
        assert_eq!(
            (at(line, "0..20"), at(line, "text of")),
            (bytes, text),
            "{shown}"
        );
    }
    assert!(shown.contains(&long));
}
