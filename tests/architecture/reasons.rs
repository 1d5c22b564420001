//! Compares the closed list of error reasons with the tests that name them.

use std::collections::BTreeSet;

use crate::sources::files_under;

/// Returns the quoted words in capital letters of a text.
fn reasons(text: &str) -> BTreeSet<&str> {
    let quoted = text.split('"').skip(1).step_by(2);
    let is_reason = |word: &&str| {
        let is_capital = |c: char| c.is_ascii_uppercase() || c == '_';
        word.len() > 3 && word.chars().all(is_capital)
    };
    quoted.filter(is_reason).collect()
}

/// Every reason must be named by a test of the service, which shows that a client receives it.
#[test]
fn every_reason_of_the_closed_list_is_named_by_a_test_of_the_service() {
    let sources = files_under("src");
    let status = sources
        .iter()
        .find(|file| file.path.ends_with("grpc/status.rs"))
        .unwrap();
    let (_, list) = status.text.split_once("fn code_and_reason").unwrap();
    let (list, _) = list.split_once("\n}").unwrap();
    let listed = reasons(list);
    assert!(listed.len() > 30, "{listed:?}");
    let tests = files_under("tests/service");
    let told = tests
        .iter()
        .flat_map(|file| reasons(&file.text))
        .collect::<BTreeSet<_>>();
    let never = listed.difference(&told).collect::<Vec<_>>();
    assert!(never.is_empty(), "no test expects {never:?}");
    assert!(
        !list.contains("Code::Unknown"),
        "UNKNOWN does not name a cause"
    );
}
