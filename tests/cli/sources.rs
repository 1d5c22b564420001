//! The sources that the arguments of `sluice chunk` and `sluice upload` name.

use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Output, Stdio};

use crate::world::{Folder, SLUICE};

/// Runs a bash script in the folder. `S` is the program.
fn bash(folder: &Folder, script: &str) -> Output {
    Command::new("bash")
        .args(["-c", script])
        .current_dir(folder.path())
        .env("S", SLUICE)
        .env("XDG_STATE_HOME", folder.path().join(".state"))
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

#[test]
fn pipes_are_chunked_as_their_file_is() {
    let folder = Folder::new();
    folder.file(
        "text",
        "A sentence, and a longer one after it.\n\n".repeat(10_000),
    );
    let digests = |script: &str| {
        let output = bash(&folder, &format!("{{ {script}; }} | jq -c .sha256"));
        assert_eq!(text(&output.stderr), "", "{script}");
        assert!(output.stdout.len() > 1_000, "{script}");
        output.stdout
    };
    let expected = digests("$S chunk text");
    for script in [
        "mkfifo fifo; cat text > fifo & $S chunk fifo",
        // The writer opens the pipe late, and pauses after the first byte.
        "mkfifo late; (sleep 0.2; (head -c 1; sleep 0.2; cat) < text > late) & $S chunk late",
        "$S chunk <(cat text)",
        "cat text | $S chunk /dev/stdin",
        "$S chunk /dev/stdin < text",
        "$S chunk - < text",
        "gzip -c text | $S chunk",
        "$S chunk <(gzip -c text)",
        "zstd -qc text | $S chunk",
    ] {
        assert!(digests(script) == expected, "{script}");
    }
    let nothing = bash(&folder, "$S chunk /dev/null");
    assert_eq!((nothing.status.code(), nothing.stdout.len()), (Some(0), 0));
}

/// Some programs start others with a socket as their standard input, which cannot be opened by a path.
#[test]
fn a_socket_is_read_as_standard_input() {
    for name in ["-", "/dev/stdin", "/dev/fd/0"] {
        let (reader, mut writer) = UnixStream::pair().unwrap();
        let mut command = Command::new(SLUICE);
        let command = command.args(["chunk", name]).stdin(OwnedFd::from(reader));
        let child = command.stdout(Stdio::piped()).spawn().unwrap();
        writer.write_all(b"by a socket").unwrap();
        drop(writer);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}");
        assert!(text(&output.stdout).contains("\"by a socket\""), "{name}");
    }
}

#[test]
fn a_folder_is_chunked_as_ripgrep_searches_it() {
    let folder = Folder::new();
    for path in [
        "tree/a.txt",
        "tree/deep/b.md",
        "tree/deep/c.tmp",
        "tree/.hidden",
        "tree/.git/config",
        "tree/skipped.log",
        "outside/kept.log",
    ] {
        folder.file(path, path);
    }
    folder.file("tree/.gitignore", "*.log\n");
    folder.file("tree/deep/.ignore", "*.tmp\n");
    // Outside a repository `.gitignore` is an ordinary file.
    folder.file("outside/.gitignore", "*.log\n");
    let script = "ln -s . tree/loop; mkfifo tree/fifo; $S chunk tree outside | jq -r .document";
    let output = bash(&folder, script);
    let expected = "tree/a.txt\ntree/deep/b.md\noutside/kept.log\n";
    assert_eq!(text(&output.stdout), expected);
    let lines = text(&output.stderr).lines().collect::<Vec<_>>();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("sluice: tree/fifo: skipped special file"));
    assert!(lines[1].starts_with("sluice: tree/loop: skipped symbolic link"));
}

/// No server listens at the address, so a refusal shows that it happens before any data is sent.
const UPLOAD: &str = "$S upload --server http://127.0.0.1:1";

#[test]
fn sources_that_would_share_an_id_are_refused_before_anything_is_sent() {
    let folder = Folder::new();
    for path in ["a/x.txt", "b/x.txt", "stdin"] {
        folder.file(path, path);
    }
    let cases = [
        (["a/x.txt", "./a//x.txt"], "a~2fx.txt"),
        (["a/x.txt", "b/../a/x.txt"], "a~2fx.txt"),
        (["a", "b"], "x.txt"),
        (["stdin", "-"], "stdin"),
        (["-", "-"], "stdin"),
    ];
    for ([one, other], id) in cases {
        let output = bash(&folder, &format!("{UPLOAD} {one} {other} </dev/null"));
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains(&format!("both become the document {id}:")),
            "{said}"
        );
        assert!(said.contains(one) && said.contains(other), "{said}");
    }
}

#[test]
fn ids_are_for_one_file() {
    let folder = Folder::new();
    folder.file("a/x.txt", "x");
    folder.file("y", "y");
    for flag in [
        "--document-id=d",
        "--request-id=33333333-3333-4333-8333-333333333333",
    ] {
        for paths in ["a/x.txt y", "a", "y -"] {
            let output = bash(&folder, &format!("{UPLOAD} {flag} {paths} </dev/null"));
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{said}");
            let (flag, _) = flag.split_once('=').unwrap();
            assert!(said.contains(&format!("{flag} is for one file")), "{said}");
        }
    }
    for (id, remedy) in [("a/b", "letters"), ("e\u{301}", "NFC"), ("", "255 bytes")] {
        let output = bash(&folder, &format!("{UPLOAD} --document-id='{id}' y"));
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains("--document-id") && said.contains(remedy),
            "{said}"
        );
    }
}
