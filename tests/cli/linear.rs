//! Law 10: ten times the text takes at most eleven times the work, for every text.
//!
//! Work is counted in instructions, by cachegrind, so that the load of the machine makes no difference. Without caches it
//! takes a third of callgrind's time.

use std::process::Command;

use crate::world::{Folder, SLUICE};

/// The growth allowed for ten times the text.
const GROWTH_MAX: f64 = 11.0;
const BYTES: usize = 60_000;

/// Texts that have broken chunkers: no boundary, only boundaries, clusters without an end.
const UNITS: [&str; 14] = [
    "#",
    "|",
    "`",
    "[",
    "a",
    "\n",
    "a ",
    ". ",
    "e.g. ",
    "\u{6C34}",
    "\u{301}",
    " \u{301}",
    "\u{1F1E9}\u{1F1EA}",
    " \t\r\n",
];

/// Texts that have broken parsers of Markdown: headings, containers and rows without an end.
const MARKDOWN_UNITS: [&str; 9] = [
    "-\n  # h\n",
    "#\n",
    "> ",
    "- ",
    "> # a\n",
    "a\n===\n",
    "| a | b |\n| - | - |\n",
    "```\na\n",
    "1. a\n\n   <b>\n",
];

#[test]
fn the_work_of_fixed_is_linear() {
    check("fixed", &UNITS);
}

#[test]
fn the_work_of_recursive_is_linear() {
    check("recursive", &UNITS);
}

#[test]
fn the_work_of_sentence_is_linear() {
    check("sentence", &UNITS);
}

#[test]
fn the_work_of_markdown_is_linear() {
    check("markdown", &UNITS);
    check("markdown", &MARKDOWN_UNITS);
}

fn check(strategy: &str, units: &[&str]) {
    let folder = Folder::new();
    let arguments = [
        "--strategy",
        strategy,
        "--min-size",
        "125",
        "--overlap",
        "60",
    ];
    let start = instructions(&folder.file("nothing", ""), &arguments);
    for unit in units {
        let work = |bytes: usize| {
            instructions(
                &folder.file("document", unit.repeat(bytes / unit.len())),
                &arguments,
            ) - start
        };
        let (once, ten) = (work(BYTES), work(10 * BYTES));
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let growth = ten as f64 / once as f64;
        assert!(
            growth <= GROWTH_MAX,
            "{unit:?}, {strategy}: {growth:.2} times the work"
        );
    }
}

fn instructions(document: &str, arguments: &[&str]) -> u64 {
    let output = Command::new("valgrind")
        .args([
            "--tool=cachegrind",
            "--cache-sim=no",
            "--cachegrind-out-file=/dev/null",
            SLUICE,
            "chunk",
            "--no-text",
            document,
        ])
        .args(arguments)
        .output()
        .unwrap();
    let report = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{report}");
    let counted = report.lines().find_map(|line| line.split("refs:").nth(1));
    let counted = counted.unwrap().trim().replace(',', "");
    counted.parse().unwrap()
}
