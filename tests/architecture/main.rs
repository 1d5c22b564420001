//! Tests of the architecture.
//!
//! Reads every file under `src/` as tokens, so comments and string literals do not count and
//! macro bodies do, and checks that
//!
//! - every file opens with `//!` and stays short, also in tests, benches and fuzz targets;
//! - every layer names only the layers beneath it;
//! - `domain` names no crate beyond its short list, no IO from `std`, and nothing `async`;
//! - no two sibling modules depend on each other, directly or through others;
//! - no child imports through a re-export of its parent, which would hide such a cycle;
//! - only `cli/terminal/output.rs` writes to the terminal;
//! - no SQL statement stands in both stores;
//! - every test that the documents name exists;
//! - prose is plain: no listed phrase, and short sentences in documents.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

mod paths;
mod prose;
mod reasons;
mod rings;
mod sources;
mod statements;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::str::FromStr;

use proc_macro2::TokenStream;

use paths::flatten;
use rings::{closes, sibling_graphs};
use sources::{File, files, files_under, module_of};

/// The maximum number of lines of a file. A longer file holds more than one idea.
const LINES_MAX: usize = 400;

/// The module of the only file that writes to the terminal.
const OUTPUT: &str = "crate::cli::terminal::output";

/// Documents that show a rule or a requirement by the name of the test that checks it.
const DOCUMENTS: &[&str] = &["ARCHITECTURE.md", "SECURITY.md", "tests/requirements.md"];

/// Each layer, and the layers it may name besides itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("application", &["domain"]),
    ("infrastructure", &["application", "domain"]),
    ("interface", &["application", "domain"]),
    ("config", &["domain"]),
    (
        "bootstrap",
        &[
            "config",
            "interface",
            "infrastructure",
            "application",
            "domain",
        ],
    ),
    ("cli", &["bootstrap", "config", "interface", "domain"]),
];

/// The external crates that the domain may name: text and data, never IO.
const DOMAIN_CRATES: &[&str] = &[
    "bytecount",
    "chardetng",
    "encoding_rs",
    "icu_segmenter",
    "infer",
    "memchr",
    "sha2",
    "simdutf8",
    "thiserror",
    "unicode_normalization",
    "unicode_properties",
];

/// The parts of `std` that the domain must not name: IO and time.
const DOMAIN_STD_BANNED: &[&str] = &[
    "fs",
    "io",
    "net",
    "env",
    "process",
    "thread",
    "time::Instant",
    "time::SystemTime",
];

#[test]
fn every_file_is_introduced_and_short() {
    let mut faults = Faults::default();
    for file in ["src", "tests", "benches", "fuzz/fuzz_targets"]
        .into_iter()
        .flat_map(files_under)
    {
        let lines = file.text.lines().count();
        faults.unless(
            file.text.starts_with("//!"),
            &file,
            "does not open with `//!`",
        );
        faults.unless(
            lines <= LINES_MAX,
            &file,
            &format!("{lines} lines, over {LINES_MAX}"),
        );
    }
    faults.report();
}

#[test]
fn layers_point_inwards() {
    let mut faults = Faults::default();
    for file in files() {
        let Some((layer, below)) = LAYERS.iter().find(|(name, _)| *name == file.layer()) else {
            continue;
        };
        for path in file.paths() {
            let Some(target) = path.strip_prefix("crate::") else {
                continue;
            };
            let target = target.split("::").next().unwrap_or_default();
            let is_layer = LAYERS.iter().any(|(name, _)| *name == target);
            let allowed = target == *layer || below.contains(&target);
            faults.unless(
                !is_layer || allowed,
                &file,
                &format!("{layer} names `{path}`"),
            );
        }
    }
    faults.report();
}

#[test]
fn the_domain_is_pure() {
    let mut faults = Faults::default();
    for file in files().into_iter().filter(|file| file.layer() == "domain") {
        let tokens = flatten(TokenStream::from_str(&file.text).unwrap());
        faults.unless(!tokens.iter().any(|t| t == "async"), &file, "is `async`");
        for path in file.paths() {
            let (head, rest) = path.split_once("::").unwrap_or((&path, ""));
            let pure = match head {
                "crate" => true,
                "std" => !DOMAIN_STD_BANNED
                    .iter()
                    .any(|banned| rest.starts_with(banned)),
                _ => DOMAIN_CRATES.contains(&head),
            };
            faults.unless(pure, &file, &format!("names `{path}`"));
        }
    }
    faults.report();
}

#[test]
fn sibling_modules_form_no_ring() {
    let mut rings = BTreeSet::new();
    for (parent, graph) in sibling_graphs(&files()) {
        for start in graph.keys() {
            let mut trail = vec![start.clone()];
            if closes(&graph, start, &mut trail, &mut BTreeSet::new()) {
                rings.insert(format!("{parent}: {}", trail.join(" -> ")));
            }
        }
    }
    assert!(
        rings.is_empty(),
        "\n{}",
        rings.into_iter().collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn no_child_imports_through_its_parent() {
    let files = files();
    let mut faults = Faults::default();
    for file in &files {
        for path in file.paths().iter().filter(|path| path.starts_with("crate")) {
            let target = module_of(path, &files);
            let above = file.module.starts_with(&format!("{target}::"));
            faults.unless(!above, file, &format!("`{path}` goes through `{target}`"));
        }
    }
    faults.report();
}

#[test]
fn only_one_file_writes_to_the_terminal() {
    let mut faults = Faults::default();
    for file in files().into_iter().filter(|file| file.module != OUTPUT) {
        for name in ["println", "eprintln", "print", "eprint", "stdout", "stderr"] {
            let is_named = flatten(TokenStream::from_str(&file.text).unwrap())
                .iter()
                .any(|t| t == name);
            faults.unless(!is_named, &file, &format!("names `{name}`"));
        }
    }
    faults.report();
}

/// A document names a test as `module::function`, the last two parts of its path.
#[test]
fn every_test_that_a_document_names_exists() {
    let mut tests = BTreeSet::new();
    for file in ["src", "tests"].into_iter().flat_map(files_under) {
        let module = file.path.file_stem().unwrap().to_str().unwrap();
        let module = if ["main", "mod"].contains(&module) {
            file.path
                .parent()
                .unwrap()
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
        } else {
            module
        };
        let functions = file
            .text
            .match_indices("fn ")
            .map(|(at, _)| &file.text[at + 3..]);
        let names = functions.filter_map(|rest| rest.split('(').next());
        tests.extend(names.map(|name| format!("{module}::{name}")));
    }
    let mut missing = Vec::new();
    for document in DOCUMENTS {
        let text =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).unwrap();
        let quoted = text
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|quoted| is_test_name(quoted));
        let named = quoted.collect::<Vec<_>>();
        assert!(!named.is_empty(), "{document} names no test");
        missing.extend(
            named
                .iter()
                .filter(|name| !tests.contains(**name))
                .map(|n| format!("{document}: {n}")),
        );
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

fn is_test_name(quoted: &str) -> bool {
    quoted.split_once("::").is_some_and(|(module, function)| {
        let is_word = |word: &str| {
            word.chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        is_word(module) && is_word(function) && function.contains('_')
    })
}

// === Reporting ===

#[derive(Default)]
struct Faults(BTreeSet<String>);

impl Faults {
    fn unless(&mut self, holds: bool, file: &File, fault: &str) {
        if !holds {
            self.0.insert(format!("{}: {fault}", file.path.display()));
        }
    }

    fn report(self) {
        assert!(
            self.0.is_empty(),
            "\n{}",
            self.0.into_iter().collect::<Vec<_>>().join("\n")
        );
    }
}
