//! Finds paths in token streams.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proc_macro2::{TokenStream, TokenTree};

/// Finds the head of every path in `tokens`, and enters every group.
pub(crate) fn collect(
    tokens: &[TokenTree],
    module: &str,
    in_mod: bool,
    found: &mut BTreeSet<String>,
) {
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
                    // The empty part behind a trailing comma is not a branch.
                    if branch.is_empty() {
                        continue;
                    }
                    // A branch is a path without its leading `::`, so it is added here.
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

/// Whether the token begins a path. A head is followed by `::` and does not continue an earlier path.
fn is_head(tokens: &[TokenTree], i: usize) -> bool {
    let colon = |k: usize| tokens.get(k).is_some_and(is_colon);
    let continues =
        i >= 3 && colon(i - 1) && colon(i - 2) && matches!(tokens[i - 3], TokenTree::Ident(_));
    colon(i + 1) && colon(i + 2) && !continues
}

pub(crate) fn flatten(stream: TokenStream) -> Vec<String> {
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
    let manifest = include_str!("../../Cargo.toml");
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
