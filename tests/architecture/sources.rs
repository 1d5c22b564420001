//! The source files as the tests of the architecture read them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use proc_macro2::TokenStream;

use crate::paths::collect;

pub(crate) struct File {
    pub(crate) path: PathBuf,
    /// `crate::domain::text::encoding::utf8`
    pub(crate) module: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn layer(&self) -> &str {
        self.module.split("::").nth(1).unwrap_or_default()
    }

    /// Returns every path that this file names, made absolute: `crate::…` for own modules, `sqlx::…` for others.
    pub(crate) fn paths(&self) -> BTreeSet<String> {
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

pub(crate) fn files() -> Vec<File> {
    files_under("src")
}

pub(crate) fn files_under(folder: &str) -> Vec<File> {
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

/// Returns the longest prefix of `path` that is the module of a file.
pub(crate) fn module_of(path: &str, files: &[File]) -> String {
    let mut path = path.to_owned();
    while !files.iter().any(|file| file.module == path) {
        match path.rfind("::") {
            Some(end) => path.truncate(end),
            None => return path,
        }
    }
    path
}
