//! Markdown to test with: the examples of the specifications, and real documents.
//!
//! Both come with the sources of crates that this workspace builds. The examples of CommonMark 0.31 and of the tables
//! of GitHub Flavored Markdown are in the test suite of `pulldown-cmark`. Real documents are the files `*.md` of all
//! crates: mostly READMEs and change logs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::world::documents::Document;

/// The folders that are searched below a crate's.
const DEPTH_MAX: usize = 6;

/// The files of examples in the test suite of `pulldown-cmark`.
const EXAMPLES: [&str; 3] = ["spec.rs", "gfm_table.rs", "gfm_tasklist.rs"];

/// Returns the examples of the specifications.
pub(super) fn examples() -> Vec<Document> {
    let suite = crates()
        .into_iter()
        .find(|path| path.join("tests/suite/spec.rs").exists())
        .expect("pulldown-cmark has its test suite")
        .join("tests/suite");
    let examples = EXAMPLES.iter().flat_map(|name| {
        let source = fs::read_to_string(suite.join(name)).unwrap();
        let originals = source.split("let original = r##\"").skip(1);
        let texts = originals.map(|rest| rest.split("\"##;").next().unwrap().to_owned());
        let numbered = texts.enumerate();
        let documents =
            numbered.map(|(number, text)| Document::new(&format!("{name} {}", number + 1), text));
        documents.collect::<Vec<_>>()
    });
    let examples: Vec<_> = examples.collect();
    assert!(examples.len() > 650, "the examples are found");
    examples
}

/// Returns the Markdown files of all crates.
pub(super) fn real() -> Vec<Document> {
    let mut paths = Vec::new();
    for path in crates() {
        collect(&path, 0, &mut paths);
    }
    paths.sort();
    let documents = paths.iter().filter_map(|path| {
        let text = fs::read_to_string(path).ok()?;
        // The engine refuses U+0000 and drops a byte order mark.
        let is_plain = !text.contains('\0') && !text.starts_with('\u{FEFF}');
        is_plain.then(|| Document::new(&path.display().to_string(), text))
    });
    let documents: Vec<_> = documents.collect();
    let bytes: usize = documents.iter().map(|document| document.text.len()).sum();
    assert!(bytes > 1_000_000, "{bytes} bytes of Markdown");
    documents
}

/// Returns the folders of the crates in `Cargo.lock` whose sources are on this machine.
fn crates() -> Vec<PathBuf> {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    let lock = fs::read_to_string(lock).unwrap();
    let value = |package: &str, key: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(key));
        line.map(|line| line.trim_matches([' ', '=', '"']).to_owned())
    };
    let packages = lock.split("[[package]]").skip(1);
    let names = packages.filter_map(|package| {
        Some(format!(
            "{}-{}",
            value(package, "name")?,
            value(package, "version")?
        ))
    });
    let names: Vec<_> = names.collect();
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let registries = fs::read_dir(home.unwrap().join("registry/src")).unwrap();
    let folders = registries.flat_map(|registry| {
        let registry = registry.unwrap().path();
        names.iter().map(move |name| registry.join(name))
    });
    folders.filter(|folder| folder.is_dir()).collect()
}

fn collect(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() && depth < DEPTH_MAX {
            collect(&path, depth + 1, paths);
        } else if path.extension() == Some(OsStr::new("md")) {
            paths.push(path);
        }
    }
}
