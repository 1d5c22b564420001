//! The architecture, as a test.
//!
//! Reads every file under `src/` as tokens, so comments and string literals do not count and
//! macro bodies do, and checks that
//!
//! - every file opens with `//!` and stays short, tests and benches too;
//! - every layer names only the layers beneath it;
//! - `domain` names no crate beyond its short list, no IO from `std`, and nothing `async`;
//! - no two sibling modules depend on each other, directly or in a ring;
//! - no child imports through a re-export of its parent, which would hide such a ring;
//! - only `cli/output.rs` writes to the terminal;
//! - every test that the documents name exists.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::LazyLock;

use proc_macro2::{TokenStream, TokenTree};

/// A longer file holds more than one idea.
const LINES_MAX: usize = 400;

/// The one file that writes to the terminal.
const OUTPUT: &str = "crate::cli::output";

/// Documents that show a rule or a requirement by naming the test that keeps it.
const DOCUMENTS: &[&str] = &["ARCHITECTURE.md", "tests/requirements.md"];

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

/// What the domain may name from outside: text and data, never IO.
const DOMAIN_CRATES: &[&str] = &[
    "bytecount",
    "chardetng",
    "encoding_rs",
    "icu_segmenter",
    "memchr",
    "sha2",
    "simdutf8",
    "thiserror",
];

/// What the domain may not name from `std`: the outside world, and the time.
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
    for file in ["src", "tests", "benches"]
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

/// A test is named as `module::function`, the last two parts of its path.
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

// === The source tree ===

struct File {
    path: PathBuf,
    /// `crate::domain::text::utf8`
    module: String,
    text: String,
}

impl File {
    fn layer(&self) -> &str {
        self.module.split("::").nth(1).unwrap_or_default()
    }

    /// Every path this file names, made absolute: `crate::…` for ours, `sqlx::…` for others.
    fn paths(&self) -> BTreeSet<String> {
        let tokens = TokenStream::from_str(&self.text).unwrap();
        let mut found = BTreeSet::new();
        collect(
            &tokens.into_iter().collect::<Vec<_>>(),
            &self.module,
            false,
            &mut found,
        );
        found
    }
}

fn files() -> Vec<File> {
    files_under("src")
}

fn files_under(folder: &str) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut pending = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let inner = path.strip_prefix(&root).unwrap().with_extension("");
            let names = inner.iter().map(|name| name.to_str().unwrap());
            let names = names.filter(|name| !["mod", "lib", "main"].contains(name));
            let module = ["crate"]
                .into_iter()
                .chain(names)
                .collect::<Vec<_>>()
                .join("::");
            let text = fs::read_to_string(&path).unwrap();
            files.push(File { path, module, text });
        }
    }
    files
}

/// The longest prefix of `path` that is a file of ours.
fn module_of(path: &str, files: &[File]) -> String {
    let mut path = path.to_owned();
    while !files.iter().any(|file| file.module == path) {
        match path.rfind("::") {
            Some(end) => path.truncate(end),
            None => return path,
        }
    }
    path
}

// === Paths out of tokens ===

/// Finds the head of every path in `tokens`, and enters every group.
fn collect(tokens: &[TokenTree], module: &str, in_mod: bool, found: &mut BTreeSet<String>) {
    for (i, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => {
                let inline_mod = i >= 2 && tokens[i - 2].to_string() == "mod";
                let inner = group.stream().into_iter().collect::<Vec<_>>();
                collect(&inner, module, in_mod || inline_mod, found);
            }
            TokenTree::Ident(name) if is_head(tokens, i) => {
                let parent = module
                    .rsplit_once("::")
                    .map_or("crate", |(parent, _)| parent);
                let start = match name.to_string().as_str() {
                    "crate" => "crate".to_owned(),
                    "self" => module.to_owned(),
                    // Inside `mod tests { … }` the first `super` is the file itself.
                    "super" if in_mod => module.to_owned(),
                    "super" => parent.to_owned(),
                    name if DEPENDENCIES.contains(name) => name.to_owned(),
                    _ => continue,
                };
                follow(&tokens[i + 1..], start, found);
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Follows a path to its end, branching at `{ … }`.
fn follow(rest: &[TokenTree], path: String, found: &mut BTreeSet<String>) {
    match rest {
        [a, b, next, rest @ ..] if is_colon(a) && is_colon(b) => match next {
            TokenTree::Group(group) => {
                let inner = group.stream().into_iter().collect::<Vec<_>>();
                for branch in inner.split(|token| token.to_string() == ",") {
                    // A branch is a path without its leading `::`; lend it ours.
                    let branch = [&[a.clone(), b.clone()], branch].concat();
                    follow(&branch, path.clone(), found);
                }
            }
            TokenTree::Ident(name) if name == "self" => follow(rest, path, found),
            TokenTree::Ident(name) if name == "super" => {
                let parent = path.rsplit_once("::").map_or("crate", |(parent, _)| parent);
                follow(rest, parent.to_owned(), found);
            }
            TokenTree::Ident(name) => follow(rest, format!("{path}::{name}"), found),
            TokenTree::Punct(_) | TokenTree::Literal(_) => _ = found.insert(path),
        },
        _ => _ = found.insert(path),
    }
}

fn is_colon(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':')
}

/// A head is followed by `::` and does not continue an earlier path.
fn is_head(tokens: &[TokenTree], i: usize) -> bool {
    let colon = |k: usize| tokens.get(k).is_some_and(is_colon);
    let continues =
        i >= 3 && colon(i - 1) && colon(i - 2) && matches!(tokens[i - 3], TokenTree::Ident(_));
    colon(i + 1) && colon(i + 2) && !continues
}

fn flatten(stream: TokenStream) -> Vec<String> {
    stream
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Group(group) => flatten(group.stream()),
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {
                vec![token.to_string()]
            }
        })
        .collect()
}

/// The names under `[dependencies]`, and `std`.
static DEPENDENCIES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let manifest = include_str!("../Cargo.toml");
    let mut names = BTreeSet::from(["std".to_owned()]);
    let mut listing = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            listing = line == "[dependencies]";
            let table = line
                .strip_prefix("[dependencies.")
                .and_then(|l| l.strip_suffix(']'));
            names.extend(table.map(|name| name.replace('-', "_")));
        } else if listing && let Some((name, _)) = line.split_once(['=', '.']) {
            names.insert(name.trim().replace('-', "_"));
        }
    }
    names
});

// === Rings ===

type Graph = BTreeMap<String, BTreeSet<String>>;

/// For each parent, which of its children name which of their siblings.
fn sibling_graphs(files: &[File]) -> BTreeMap<String, Graph> {
    let mut graphs = BTreeMap::<String, Graph>::new();
    for file in files {
        for path in file.paths().iter().filter(|path| path.starts_with("crate")) {
            let target = module_of(path, files);
            let (from, to) = (file.module.split("::"), target.split("::"));
            let (from, to): (Vec<_>, Vec<_>) = (from.collect(), to.collect());
            let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if let (Some(a), Some(b)) = (from.get(shared), to.get(shared)) {
                let graph = graphs.entry(from[..shared].join("::")).or_default();
                graph
                    .entry((*a).to_owned())
                    .or_default()
                    .insert((*b).to_owned());
            }
        }
    }
    graphs
}

/// Extends `trail` until it comes back to `start`.
fn closes(
    graph: &Graph,
    start: &str,
    trail: &mut Vec<String>,
    seen: &mut BTreeSet<String>,
) -> bool {
    let here = trail.last().cloned().unwrap_or_default();
    for next in graph.get(&here).into_iter().flatten() {
        if next == start || seen.insert(next.clone()) {
            trail.push(next.clone());
            if next == start || closes(graph, start, trail, seen) {
                return true;
            }
            trail.pop();
        }
    }
    false
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
