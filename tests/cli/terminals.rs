//! Output at a terminal, with a pseudo-terminal of util-linux.

use std::process::Command;

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::world::{Folder, SLUICE};

/// Runs a shell script in a terminal, and returns the output that the terminal received. `S` is the program.
fn terminal(folder: &Folder, script: &str) -> String {
    let output = Command::new("script")
        .args(["-qec", script, "/dev/null"])
        .current_dir(folder.path())
        .env("S", SLUICE)
        .env("TERM", "xterm")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the visible rest of each line, without terminal sequences and the text that they erase.
fn lines(screen: &str) -> Vec<String> {
    let wiped = |line: &str| line.rsplit("\x1b[2K").next().unwrap_or_default().to_owned();
    let each = screen.split('\n').map(wiped);
    each.map(|line| line.trim_matches('\r').to_owned())
        .collect()
}

fn large(folder: &Folder) {
    folder.file("large.txt", "A sentence of the document. ".repeat(150_000));
}

#[test]
fn a_bar_is_never_drawn_into_a_row() {
    let folder = Folder::new();
    large(&folder);
    let screen = terminal(&folder, "stty cols 100; $S chunk large.txt");
    assert!(screen.contains("/4.01 MiB"), "no bar was drawn");
    let rows = lines(&screen);
    let rows = rows.iter().filter(|line| line.contains("\"ordinal\""));
    let rows = rows.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let ordinals = rows.map(|row| row["ordinal"].as_u64().unwrap());
    let piped = Command::new(SLUICE)
        .args(["chunk", "large.txt"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let all = String::from_utf8(piped.stdout).unwrap().lines().count() as u64;
    assert!(ordinals.eq(0..all));
}

#[test]
fn a_bar_is_drawn_on_the_standard_error_alone() {
    let folder = Folder::new();
    large(&folder);
    let screen = terminal(&folder, "$S chunk large.txt > out");
    assert!(screen.contains("/4.01 MiB"), "{screen:?}");
    let out = std::fs::read_to_string(folder.path().join("out")).unwrap();
    assert!(!out.contains('\x1b'));
    let screen = terminal(&folder, "$S chunk large.txt 2> err | tail -n 1");
    assert!(!screen.contains("MiB"), "{screen:?}");
    let screen = terminal(&folder, "$S chunk large.txt 2> err");
    assert!(!screen.contains("MiB"));
    let err = std::fs::read_to_string(folder.path().join("err")).unwrap();
    assert_eq!(err, "");
}

#[test]
fn only_free_text_is_shortened_and_to_the_width_of_the_terminal() {
    let folder = Folder::new();
    folder.file(
        "wide.txt",
        "\u{6C34}\u{9580}e\u{301} and a few words ".repeat(30),
    );
    let screen = terminal(&folder, "stty cols 90; $S chunk --output table wide.txt");
    let lines = lines(&screen);
    let row = lines.iter().find(|line| line.contains("0..")).unwrap();
    assert!(row.ends_with('\u{2026}'), "{screen:?}");
    assert!((88..=90).contains(&row.width()), "{}: {row}", row.width());
    let narrow = terminal(&folder, "stty cols 20; $S chunk --output table wide.txt");
    let cells = row.split_whitespace().take(4).collect::<Vec<_>>();
    for cell in cells {
        assert!(narrow.contains(cell), "{cell}: {narrow:?}");
    }
}

#[test]
fn terminal_controls_in_json_are_escaped() {
    let folder = Folder::new();
    let text = "a\u{9b}31m\u{202E}b\u{7f}";
    folder.file("forged.txt", text);
    let screen = terminal(&folder, "$S chunk forged.txt 2> /dev/null");
    assert!(
        !screen.contains(['\u{9b}', '\u{202E}', '\u{7f}']),
        "{screen:?}"
    );
    let row = serde_json::from_str::<Value>(screen.trim()).unwrap();
    assert_eq!(row["text"], text);
}
