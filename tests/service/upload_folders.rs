//! Uploads of folders: the walk selects the same files as ripgrep, and several documents are sent at once.

use crate::support::server::Server;
use crate::support::shell::Shell;
use crate::support::world::{Folder, prose};

#[test]
fn a_folder_is_walked_as_ripgrep_walks_it() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("walk.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    for path in [
        "tree/a.txt",
        "tree/deep/er/b.md",
        "tree/.hidden",
        "tree/.git/config",
        "tree/skipped.log",
        "tree/kept.log",
        "tree/build/out.txt",
        "tree/deep/notes.tmp",
        "plain/skipped.log",
        "plain/x.tmp",
    ] {
        shell.write(path, path);
    }
    shell.write("tree/.gitignore", "*.log\n!kept.log\nbuild/\n");
    shell.write("tree/deep/.ignore", "*.tmp\n");
    // Outside a repository, .gitignore is an ordinary file; .ignore still applies.
    shell.write("plain/.gitignore", "*.log\n");
    shell.write("plain/.ignore", "*.tmp\n");
    shell.succeeds(
        "ln -s ../a.txt tree/deep/link; ln -s .. tree/deep/loop; ln -s nowhere tree/broken; \
         mkfifo tree/fifo",
    );
    let ended = shell.run("$S upload $AT --collection tree tree plain");
    assert_eq!(ended.code, 0, "{ended:?}");
    let expected = ["a.txt", "deep~2fer~2fb.md", "kept.log", "skipped.log"];
    assert_eq!(shell.ids("tree"), expected);
    assert_eq!(shell.text("tree", "skipped.log"), "plain/skipped.log");
    assert!(ended.out.ends_with("4 uploaded, 4 skipped\n"), "{ended:?}");
    let lines = ended.err.lines().collect::<Vec<_>>();
    let skipped = [
        "tree/broken: skipped symbolic link",
        "tree/deep/link: skipped symbolic link",
        "tree/deep/loop: skipped symbolic link",
        "tree/fifo: skipped special file",
    ];
    assert_eq!(lines.len(), skipped.len(), "{ended:?}");
    for (line, expected) in lines.iter().zip(skipped) {
        assert!(line.starts_with(&format!("sluice: {expected}")), "{line}");
    }
    // A link that is named on the command line is followed, and a hidden or ignored file is uploaded.
    shell.succeeds(
        "ln -s tree/deep linked; \
         $S upload $AT --collection named tree/skipped.log tree/.hidden tree/deep/link linked",
    );
    let expected = [
        "er~2fb.md",
        "tree~2f.hidden",
        "tree~2fdeep~2flink",
        "tree~2fskipped.log",
    ];
    assert_eq!(shell.ids("named"), expected);
}

#[test]
fn one_bad_file_stops_no_other_and_is_reported_at_the_end() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("bad.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    for number in 0..40 {
        shell.write(&format!("tree/{number:02}.txt"), prose(10_000));
    }
    shell.write("tree/07.png", b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR");
    shell.write("tree/11.txt", b"latin \xE9");
    // A folder whose path is too long to be opened.
    shell.succeeds(
        "cd tree; for n in $(seq 20); do mkdir $(printf 'd%.0s' $(seq 250)); \
         cd $(printf 'd%.0s' $(seq 250)); done; echo text > unreachable",
    );
    let ended = shell.run("$S upload $AT tree");
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(
        ended.out.ends_with("39 uploaded, 2 refused, 1 failed\n"),
        "{ended:?}"
    );
    let lines = ended.err.lines().collect::<Vec<_>>();
    assert_eq!(lines.len(), 3, "{lines:?}");
    let has = |path: &str, cause: &str| {
        let is = |line: &&&str| line.contains(path) && line.contains(cause);
        assert_eq!(lines.iter().filter(is).count(), 1, "{path}: {lines:?}");
    };
    has("sluice: tree/07.png: ", "PNG");
    has("sluice: tree/11.txt: ", "byte 6");
    has("tree/ddd", "File name too long");
    shell.succeeds("rm -rf tree");
    let ended = shell.run("mkdir empty; $S upload $AT empty");
    assert_eq!(
        (ended.code, ended.out.as_str()),
        (0, "no documents\n"),
        "{ended:?}"
    );
}

#[test]
fn unchanged_files_of_a_folder_are_skipped_and_named_files_are_not() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("again.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    for path in ["tree/a", "tree/b", "tree/c"] {
        shell.write(path, prose(3_000));
    }
    shell.succeeds("$S upload $AT tree");
    assert_eq!(shell.succeeds("$S upload $AT tree"), "3 unchanged\n");
    shell.write("tree/b", prose(4_000));
    let told = shell.succeeds("$S upload $AT tree");
    assert!(
        told.contains(" version 2: ") && told.ends_with("\n1 uploaded, 2 unchanged\n"),
        "{told}"
    );
    for flag in ["--max-size 300", "--label a=b", "--nul replace"] {
        let told = shell.succeeds(&format!("$S upload $AT {flag} tree"));
        assert!(told.ends_with("\n3 uploaded\n"), "{flag}: {told}");
        let again = shell.succeeds(&format!("$S upload $AT {flag} tree"));
        assert_eq!(again, "3 unchanged\n", "{flag}");
    }
    for version in [1, 2] {
        let told = shell.succeeds("cd tree; $S upload $AT --collection named a");
        assert!(told.contains(&format!("version {version}: ")), "{told}");
    }
}
