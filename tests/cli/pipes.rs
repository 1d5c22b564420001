//! Output that its reader has closed, without a server.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::world::{Folder, SLUICE, ends};

/// Runs the program with a closed output, and returns its exit code and messages.
fn unread(arguments: &[&str]) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(SLUICE);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(Stdio::piped());
    ends(command.spawn().unwrap())
}

#[test]
fn a_closed_pipe_ends_every_command_quietly() {
    let folder = Folder::new();
    let file = folder.file("a.txt", "a line of text\n".repeat(1_000));
    let bad = folder.file("b.bin", b"fine until\xFFhere");
    let store = folder.path().join("new.db").display().to_string();
    let cases: [&[&str]; 10] = [
        &["help"],
        &["--help"],
        &["--version"],
        &["help", "admin"],
        &["chunk", &file],
        &["chunk", "--output", "table", &file],
        &["chunk", &file, &bad],
        &["admin", "bootstrap", "--store", &store],
        &["serve", "--check-config"],
        &["demo", &file],
    ];
    for arguments in cases {
        let (code, said) = unread(arguments);
        assert_eq!((code, said.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

/// A pipe as the source may be silent for an hour.
#[test]
fn a_closed_pipe_ends_a_program_that_waits_for_its_source() {
    let mut command = Command::new(SLUICE);
    let (source, mut feeds) = std::io::pipe().unwrap();
    command
        .args(["chunk", "--max-size", "100"])
        .stdin(source)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    feeds.write_all(b"Some text.").unwrap();
    drop(child.stdout.take());
    let ended = ends(child);
    drop(feeds);
    assert_eq!(ended, (Some(0), String::new()));
}
