//! Arguments that do not apply are refused, never ignored.

use crate::world::{Folder, sluice};

/// Checks that each case is refused before a server is called, with a message that names the flag.
fn refused(cases: &[(&[&str], &str)]) {
    for (arguments, flag) in cases {
        let output = sluice(arguments, b"text");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(said.contains(flag), "{arguments:?}: {said}");
    }
}

#[test]
fn flags_that_do_not_apply_are_refused_by_their_names() {
    let folder = Folder::new();
    let file = folder.file("a.txt", "text");
    let folder = folder.path().to_str().unwrap();
    let document = "collections/c/documents/d";
    let id = "--request-id=33333333-3333-4333-8333-333333333333";
    refused(&[
        (&["upload", &file, "--delete"], "--delete"),
        (&["upload", folder, "--document-id", "d"], "--document-id"),
        (&["upload", &file, &file, id], "--request-id"),
        (&["sync", folder, "c", "--allow-empty"], "--delete"),
        (&["delete", document, "--force"], "--force"),
        (&["partitions", "--json", "--output", "table"], "--json"),
        (&["chunks", document, "--after=-2"], "--after"),
        (&["chunks", document, "--last-ordinal=-1"], "--last-ordinal"),
        (&["chunks", document, "--end-byte=0"], "--end-byte"),
        (
            &["chunks", document, "--after=1", "--start-byte=1"],
            "--start-byte",
        ),
    ]);
}

#[test]
fn separators_and_marks_are_refused_where_there_are_none() {
    let folder = Folder::new();
    let file = folder.file("a.txt", "text");
    let fixed = ["--strategy", "fixed", "--level", ". "];
    let sentence = ["--strategy", "sentence", "--separators", "cjk"];
    let both = ["--level", ". ", "--separators", "cjk"];
    let mark = ["--charset", "windows-1252", "--byte-order-mark", "keep"];
    let with = |command: &[&'static str], flags: [&'static str; 4]| [command, &flags].concat();
    let document = "collections/c/documents/d";
    refused(&[
        (&with(&["chunk"], fixed), "--level"),
        (&with(&["chunk"], sentence), "--separators"),
        (&with(&["chunk"], both), "--separators"),
        (&with(&["chunk"], mark), "--byte-order-mark"),
        (&with(&["rechunk", document], fixed), "--level"),
        (&["update", document], "--label"),
        (
            &["update", document, "--label", "a=b", "--remove-label", "a"],
            "--remove-label",
        ),
        (
            &["upload", &file, "--strategy", "fixed", "--level", "x"],
            "--level",
        ),
    ]);
}

#[test]
fn a_label_that_is_given_twice_is_refused() {
    let folder = Folder::new();
    let file = folder.file("a.txt", "text");
    let folder = folder.path().to_str().unwrap();
    let commands: [&[&str]; 4] = [
        &["upload", &file],
        &["sync", folder, "c"],
        &["import", "c/d", "p"],
        &["documents"],
    ];
    for command in commands {
        let twice = [command, &["--label", "a=1", "--label", "a=2"]].concat();
        refused(&[(&twice, "--label")]);
    }
}
