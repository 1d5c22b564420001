//! Compares the SQL statements of the two stores.

use std::collections::BTreeSet;

use crate::sources::files_under;

/// The words that begin a statement.
const BEGINNINGS: &[&str] = &["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];

/// A statement that both stores run unchanged stands once, in `src/infrastructure/common_statements`.
#[test]
fn no_statement_stands_in_both_stores() {
    let [postgres, sqlite] = ["postgres", "sqlite"].map(statements);
    assert!(postgres.len() > 10, "{postgres:?}");
    assert!(sqlite.len() > 10, "{sqlite:?}");
    let repeated = postgres.intersection(&sqlite).collect::<Vec<_>>();
    assert!(repeated.is_empty(), "in both stores: {repeated:#?}");
}

#[test]
fn statements_are_compared_without_their_layout_and_numbers() {
    let one = folded("SELECT 1\n     FROM uploads WHERE uid = ?1 AND tenant = ?");
    assert_eq!(
        one,
        folded("SELECT 1 FROM uploads WHERE uid = $12 AND tenant = $3")
    );
    assert_ne!(
        one,
        folded("SELECT 2 FROM uploads WHERE uid = $1 AND tenant = $2")
    );
}

/// Returns the folded statements in the files of a store.
fn statements(store: &str) -> BTreeSet<String> {
    let files = files_under(&format!("src/infrastructure/{store}"));
    let literals = files.iter().flat_map(|file| file.text.split('"').skip(1));
    let begins = |text: &&str| BEGINNINGS.iter().any(|one| text.trim().starts_with(one));
    literals.filter(begins).map(folded).collect()
}

/// Replaces each placeholder with `?`, and each run of white space with one space.
fn folded(statement: &str) -> String {
    let mut folded = String::new();
    let mut in_placeholder = false;
    for one in statement.chars() {
        if !(in_placeholder && one.is_ascii_digit()) {
            in_placeholder = one == '?' || one == '$';
            folded.push(if in_placeholder { '?' } else { one });
        }
    }
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}
