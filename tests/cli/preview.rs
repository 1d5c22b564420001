//! `sluice preview`: chunks for people, on a terminal and on a page that a browser shows.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::world::{Folder, sluice};

const TEXT: &str = "# Sluices\n\nA sluice is a gate. It holds <b>water</b> & opens \"slowly\".\n\n## Parts\n\nOak and iron. \
                    Both last for a very long time, if somebody looks after them once a year, and never skips one.\n";

fn preview(arguments: &[&str], text: &[u8]) -> Result<String, String> {
    let arguments = [&["preview", "-"], arguments].concat();
    let output = sluice(&arguments, text);
    let shown = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.code() == Some(0) {
        Ok(shown(output.stdout))
    } else {
        Err(shown(output.stderr))
    }
}

#[test]
fn each_spec_has_its_numbers_and_its_chunks() {
    let compare = [
        "--max-size",
        "60",
        "--compare",
        "strategy=markdown max-size=80 max-tokens=30",
    ];
    let shown = preview(&compare, TEXT.as_bytes()).unwrap();
    let [first, second] = shown.split("\n\n").collect::<Vec<_>>()[..2] else {
        panic!("two specs: {shown}");
    };
    assert!(
        first.starts_with("recursive  30 to 60 characters\n"),
        "{first}"
    );
    assert!(first.contains(" chunks of ") && first.contains("0 bytes are repeated"));
    assert!(
        second.starts_with("markdown  40 to 80 characters, at most 30 tokens of cl100k_base\n"),
        "{second}"
    );
    assert!(
        second.contains("\u{2502} Sluices > Parts\n"),
        "headings are above: {second}"
    );
    assert!(second.contains(" t"), "tokens are in the margin: {second}");
    assert!(!shown.contains('\x1B'), "no colours without a terminal");
    let repeated = preview(&["--max-size", "60", "--overlap", "20"], TEXT.as_bytes()).unwrap();
    assert!(repeated.contains('['), "overlaps are marked: {repeated}");
    let cut = preview(
        &["--strategy", "fixed", "--max-size", "30"],
        TEXT.as_bytes(),
    )
    .unwrap();
    assert!(
        cut.contains('\u{2702}'),
        "ends within sentences are marked: {cut}"
    );
}

#[test]
fn a_terminal_shows_colours_and_lines_of_its_width() {
    let folder = Folder::new();
    let file = folder.file("text.md", TEXT);
    let program = env!("CARGO_BIN_EXE_sluice");
    let command = format!("stty cols 60; {program} preview {file} --max-size 60 --overlap 20");
    let output = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        shown.contains("\x1B[30;47m"),
        "overlaps are shaded: {shown}"
    );
    let lines = shown.lines().filter(|line| line.contains('\u{2502}'));
    let plain = lines.map(|line| {
        let parts = line
            .split('\x1B')
            .map(|part| part.split_once('m').map_or(part, |(_, text)| text));
        parts.collect::<String>()
    });
    let widths = plain
        .map(|line| line.trim_end().chars().count())
        .collect::<Vec<_>>();
    assert!(
        widths.len() > 5 && widths.iter().all(|width| *width <= 60),
        "{widths:?}"
    );
}

#[test]
fn wrong_arguments_are_named() {
    for (arguments, message) in [
        (
            vec!["--compare", "strategy=none"],
            "--compare \"strategy=none\"",
        ),
        (vec!["--compare", "size=3"], "unexpected argument '--size'"),
        (vec!["--compare", "max-size=0"], "max_size is 0 characters"),
        (["--compare", "max-tokens=9"].repeat(8), "at most 8 specs"),
    ] {
        let refused = preview(&arguments, TEXT.as_bytes()).unwrap_err();
        assert!(refused.contains(message), "{arguments:?}: {refused}");
    }
    let large = preview(&[], &vec![b'a'; 5 << 20]).unwrap_err();
    assert!(large.contains("more than 4194304 bytes"), "{large}");
}

/// Returns the page's elements as Chromium has them after its script has run.
fn browsed(folder: &Folder, page: &Path, fragment: &str) -> String {
    let profile = format!(
        "--user-data-dir={}",
        folder.path().join("profile").display()
    );
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args([
            &profile,
            "--dump-dom",
            &format!("file://{}#{fragment}", page.display()),
        ])
        .output()
        .expect("scripts/setup installs Chromium");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_browser_shows_the_page_and_marks_the_text_of_a_chunk_in_each_column() {
    let folder = Folder::new();
    let page = folder.path().join("page.html");
    let html = page.display().to_string();
    let wrote = [
        "--max-size",
        "60",
        "--overlap",
        "20",
        "--compare",
        "strategy=token max-size=16",
        "--html",
        &html,
    ];
    preview(&wrote, TEXT.as_bytes()).unwrap();
    let written = fs::read_to_string(&page).unwrap();
    assert!(
        !written.contains("<b>water</b>")
            && written.contains("&lt;b&gt;water&lt;/b&gt; &amp; opens")
    );
    for address in ["src=", "href=", "url(", "@import", "http"] {
        assert!(
            !written.contains(address),
            "the page needs no other file: {address}"
        );
    }
    let shown = browsed(&folder, &page, "c0-1");
    assert_eq!(shown.matches("<section class=\"spec\">").count(), 2);
    assert_eq!(shown.matches("<svg").count(), 2, "sizes are drawn");
    assert!(shown.contains("<mark class=\"overlap\">") && shown.contains("class=\"bad-end\""));
    let hits = shown
        .split("<li ")
        .filter(|item| item.starts_with("class=\"chunk hit\""));
    let columns = hits.map(|item| item.split("id=\"").nth(1).unwrap()[..3].to_owned());
    let columns = columns.collect::<Vec<_>>();
    assert_eq!(columns.iter().filter(|column| *column == "c0-").count(), 1);
    assert!(columns.iter().any(|column| column == "c1-"), "{columns:?}");
}
