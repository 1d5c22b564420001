//! `sluice sync`: a collection mirrors a folder, and documents of other sources stay.

use std::collections::BTreeMap;
use std::process::Stdio;

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;

use crate::support::server::Server;
use crate::support::shell::Shell;
use crate::support::world::{Folder, prose};

/// Returns the id and the version of every document of a collection.
async fn versions(shell: &Shell<'_>, collection: &str) -> BTreeMap<String, i64> {
    let mut client = DocumentServiceClient::new(shell.server.channel());
    let request = pb::ListDocumentsRequest {
        parent: format!("collections/{collection}"),
        page_size: 1_000,
        ..Default::default()
    };
    let page = client.list_documents(request).await.unwrap().into_inner();
    let documents = page.documents.into_iter();
    documents
        .filter(|document| document.current_version > 0)
        .map(|document| {
            let id = document.name.rsplit('/').next().unwrap().to_owned();
            (id, document.current_version)
        })
        .collect()
}

fn stored(documents: &[(&str, i64)]) -> BTreeMap<String, i64> {
    let documents = documents.iter();
    documents
        .map(|(id, version)| ((*id).to_owned(), *version))
        .collect()
}

#[tokio::test]
async fn only_changed_files_are_uploaded() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("sync.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    shell.write("tree/a.txt", prose(5_000));
    shell.write("tree/deep/b.txt", prose(7_000));
    shell.write("tree/.hidden", "hidden");
    shell.succeeds("gzip -c tree/a.txt > tree/c.gz");
    let told = shell.succeeds("$S sync $AT tree c");
    assert!(told.ends_with("3 uploaded\n"), "{told}");
    let told = shell.succeeds("$S sync $AT tree c");
    assert_eq!(told, "3 unchanged\n");
    let once = [("a.txt", 1), ("c.gz", 1), ("deep~2fb.txt", 1)];
    assert_eq!(versions(&shell, "c").await, stored(&once));

    shell.write("tree/a.txt", prose(6_000));
    let told = shell.succeeds("$S sync $AT tree collections/c");
    assert_eq!(told.lines().last(), Some("1 uploaded, 2 unchanged"));
    assert_eq!(versions(&shell, "c").await["a.txt"], 2);

    // Only the chunking differs, so the stored text is chunked again. The cause of the difference does not matter.
    let told = shell.succeeds("$S sync $AT tree c --max-size 300");
    assert_eq!(told.lines().last(), Some("3 rechunked"), "{told}");
    assert_eq!(
        shell.succeeds("$S sync $AT tree c --max-size 300"),
        "3 unchanged\n"
    );
    let told = shell.succeeds("$S sync $AT tree c");
    assert_eq!(told.lines().last(), Some("3 rechunked"), "{told}");
    assert_eq!(shell.text("c", "a.txt"), prose(6_000));

    // Labels are changed without an upload; those of other clients stay.
    let name = "collections/c/documents/a.txt";
    shell.succeeds(&format!("$S update $AT {name} --label acl=staff"));
    let told = shell.succeeds("$S sync $AT tree c --label of=docs");
    assert_eq!(told.lines().last(), Some("3 labelled"), "{told}");
    let labels = shell.succeeds(&format!(
        "$S update $AT {name} --media-type '' --output json"
    ));
    assert!(
        labels.contains("\"acl\":\"staff\"") && labels.contains("\"of\":\"docs\""),
        "{labels}"
    );
    assert_eq!(
        shell.succeeds("$S sync $AT tree c --label of=docs"),
        "3 unchanged\n"
    );
    // A change of the decoding needs a new upload.
    let told = shell.succeeds("$S sync $AT tree c --label of=docs --invalid replace");
    assert_eq!(told.lines().last(), Some("3 uploaded"), "{told}");
    let again = "$S sync $AT tree c --label of=docs --invalid replace";
    assert_eq!(shell.succeeds(again), "3 unchanged\n");
    let labels = |expected: &[&str]| {
        let shown = shell.succeeds("$S documents $AT collections/c --output json");
        let of_a = |line: &&str| line.contains("documents/a.txt");
        let shown = shown.lines().find(of_a).unwrap().to_owned();
        for label in expected {
            assert!(shown.contains(label), "{label}: {shown}");
        }
    };
    labels(&["\"acl\":\"staff\"", "\"of\":\"docs\""]);
    // A changed file and a new label: the label is added, and the upload keeps the others.
    shell.write("tree/a.txt", prose(5_000));
    let told = shell.succeeds("$S sync $AT tree c --label kind=text --invalid replace");
    assert_eq!(
        told.lines().last(),
        Some("1 uploaded, 2 labelled"),
        "{told}"
    );
    labels(&["\"acl\":\"staff\"", "\"of\":\"docs\"", "\"kind\":\"text\""]);
}

#[tokio::test]
async fn a_dry_run_lists_all_changes_and_makes_none() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("dry.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    shell.write("tree/new.txt", "new");
    let told = shell.succeeds("$S sync $AT --dry-run tree c");
    assert_eq!(
        told,
        "would upload tree/new.txt as collections/c/documents/new.txt\n\
         dry run, nothing was changed: 1 uploaded\n"
    );
    assert_ne!(
        shell.run("$S documents $AT collections/c").code,
        0,
        "no collection was created"
    );
    for (path, content) in [("same", "same"), ("changed", "before"), ("gone", "gone")] {
        shell.write(&format!("tree/{path}"), content);
    }
    shell.succeeds("$S sync $AT tree c");
    let before = versions(&shell, "c").await;
    shell.write("tree/changed", "after");
    shell.succeeds("mv tree/gone tree/renamed");
    let mut told = shell
        .succeeds("$S sync $AT --dry-run --delete tree c")
        .lines()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    let summary = told.pop();
    told.sort_unstable();
    let expected = [
        "would delete collections/c/documents/gone",
        "would upload tree/changed as collections/c/documents/changed",
        "would upload tree/renamed as collections/c/documents/renamed",
    ];
    assert_eq!(told, expected);
    let expected = "dry run, nothing was changed: 2 uploaded, 1 deleted, 2 unchanged";
    assert_eq!(summary.as_deref(), Some(expected));
    assert_eq!(versions(&shell, "c").await, before);
    let told = shell.succeeds("$S sync $AT --dry-run --max-size 300 tree c");
    assert!(
        told.contains("would rechunk collections/c/documents/same\n"),
        "{told}"
    );
    assert_eq!(versions(&shell, "c").await, before);
}

#[tokio::test]
async fn only_documents_of_the_folder_are_deleted() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("delete.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    for path in ["tree/a", "tree/b", "other/c", "by-hand"] {
        shell.write(path, path);
    }
    shell.succeeds("$S sync $AT tree c; $S sync $AT other c; $S upload $AT --collection c by-hand");
    shell.succeeds("mv tree/a tree/d");
    let told = shell.succeeds("$S sync $AT tree c");
    assert_eq!(told.lines().last(), Some("1 uploaded, 1 unchanged"));
    assert_eq!(
        shell.ids("c"),
        ["a", "b", "by-hand", "c", "d"],
        "nothing is deleted without --delete"
    );
    let told = shell.succeeds("$S sync $AT --delete tree c");
    assert_eq!(
        told,
        "deleted collections/c/documents/a\n1 deleted, 2 unchanged\n"
    );
    assert_eq!(shell.ids("c"), ["b", "by-hand", "c", "d"]);

    // A folder without files may be an unmounted one.
    shell.succeeds("rm tree/*");
    let ended = shell.run("$S sync $AT --delete tree c");
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(
        ended.err.contains("has no files") && ended.err.contains("--allow-empty"),
        "{ended:?}"
    );
    assert_eq!(ended.err.lines().count(), 1, "{ended:?}");
    let ended = shell.run("$S sync $AT --delete missing c");
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.err.contains("missing: "), "{ended:?}");
    assert_eq!(shell.ids("c"), ["b", "by-hand", "c", "d"]);
    assert_eq!(shell.run("$S sync $AT --allow-empty tree c").code, 2);
    let told = shell.succeeds("$S sync $AT --delete --allow-empty tree c");
    assert_eq!(told.lines().last(), Some("2 deleted"));
    assert_eq!(shell.ids("c"), ["by-hand", "c"]);
    assert_eq!(
        shell.succeeds("$S sync $AT --delete tree c"),
        "no documents\n"
    );
}

/// The fault is a folder that cannot be read, or an ignore file with invalid rules.
#[tokio::test]
async fn a_walk_with_a_fault_deletes_nothing() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("fault.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    let faults = [
        ("echo '[z-a]' > tree/.ignore", "rm tree/.ignore"),
        (
            "cd tree; for n in $(seq 20); do mkdir $(printf 'd%.0s' $(seq 250)); \
             cd $(printf 'd%.0s' $(seq 250)); done",
            "rm -rf tree/ddd*",
        ),
    ];
    for (number, (fault, remedy)) in faults.into_iter().enumerate() {
        let sync = format!("$S sync $AT --delete tree c{number}");
        for path in ["tree/a", "tree/b"] {
            shell.write(path, path);
        }
        shell.succeeds(&sync);
        shell.succeeds(&format!("rm tree/a; {fault}"));
        let ended = shell.run(&sync);
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(
            ended.err.contains("could not be read completely"),
            "{ended:?}"
        );
        assert_eq!(ended.err.lines().count(), 2, "{ended:?}");
        assert_eq!(shell.ids(&format!("c{number}")), ["a", "b"]);
        shell.succeeds(&format!("{remedy}; {sync}"));
        assert_eq!(shell.ids(&format!("c{number}")), ["b"]);
    }
}

#[tokio::test]
async fn documents_of_other_sources_are_replaced_only_with_adopt() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("conflict.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    for (path, content) in [
        ("x", "by hand"),
        ("other/y", "of the other"),
        ("tree/x", "of the tree"),
        ("tree/y", "of the tree"),
        ("tree/z", "of the tree"),
    ] {
        shell.write(path, content);
    }
    shell.succeeds("$S upload $AT --collection c x; $S sync $AT --source-id other other c");
    for flags in ["", "--dry-run", "--delete"] {
        let ended = shell.run(&format!("$S sync $AT {flags} tree c"));
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(ended.out.ends_with("2 conflicting\n"), "{ended:?}");
        let lines = ended.err.lines().collect::<Vec<_>>();
        assert_eq!(lines.len(), 2, "{ended:?}");
        assert!(lines[0].contains("tree/x: ") && lines[0].contains("has no label"));
        assert!(lines[1].contains("tree/y: ") && lines[1].contains("belongs to the folder other"));
        assert!(lines.iter().all(|line| line.contains("--adopt")));
        assert_eq!(shell.text("c", "x"), "by hand");
        assert_eq!(shell.text("c", "y"), "of the other");
    }
    let told = shell.succeeds("$S sync $AT --adopt tree c");
    assert_eq!(told.lines().last(), Some("2 uploaded, 1 unchanged"));
    for id in ["x", "y", "z"] {
        assert_eq!(shell.text("c", id), "of the tree");
    }
    // The documents no longer belong to the other folder.
    let ended = shell.run("$S sync $AT --source-id other --delete other c");
    assert_eq!(ended.code, 1, "{ended:?}");
    let label = "--label sluice.sync-source=other";
    assert_eq!(shell.run(&format!("$S sync $AT {label} tree c")).code, 2);
}

#[tokio::test]
async fn one_bad_file_stops_no_other_and_keeps_its_document() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("bad.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    for number in 0..20 {
        shell.write(&format!("tree/{number:02}"), prose(1_000 + number));
    }
    shell.succeeds("$S sync $AT tree c; rm tree/03; ln -s 04 tree/link");
    shell.write("tree/05", b"now latin \xE9");
    shell.write("tree/99", "new");
    let ended = shell.run("$S sync $AT --delete tree c");
    assert_eq!(ended.code, 1, "{ended:?}");
    let summary = "1 uploaded, 1 deleted, 18 unchanged, 1 refused, 1 skipped\n";
    assert!(ended.out.ends_with(summary), "{ended:?}");
    let lines = ended.err.lines().collect::<Vec<_>>();
    assert_eq!(lines.len(), 2, "{ended:?}");
    assert!(lines[0].starts_with("sluice: tree/05: ") && lines[0].contains("byte 10"));
    assert!(lines[1].starts_with("sluice: tree/link: skipped symbolic link"));
    assert_eq!(shell.text("c", "05"), prose(1_005));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_killed_is_finished_by_the_next() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("killed.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    shell.write("tree/gone", "gone");
    shell.succeeds("$S sync $AT tree c; rm tree/gone");
    for number in 0..60 {
        shell.write(&format!("tree/{number:02}"), prose(150_000 + number));
    }
    let mut killed = shell.command("exec $S sync $AT --delete tree c");
    let mut killed = killed.stdout(Stdio::piped()).spawn().unwrap();
    loop {
        let complete = versions(&shell, "c").await.len();
        if complete > 5 {
            break;
        }
    }
    killed.kill().unwrap();
    let status = killed.wait().unwrap();
    assert!(!status.success(), "the run was killed before its end");
    let before = versions(&shell, "c").await;
    assert!(before.len() < 61, "{}", before.len());
    let told = shell.succeeds("$S sync $AT --delete tree c");
    assert!(
        told.contains("deleted collections/c/documents/gone\n"),
        "{told}"
    );
    let after = versions(&shell, "c").await;
    assert_eq!(after.len(), 60);
    for (id, version) in before.iter().filter(|(id, _)| *id != "gone") {
        assert_eq!(after[id], *version, "{id} was sent again");
    }
    let told = shell.succeeds("$S sync $AT --delete tree c");
    assert_eq!(told, "60 unchanged\n");
}

/// A page of a list has at most a thousand documents.
#[tokio::test]
async fn a_folder_with_more_files_than_a_page_is_compared_completely() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("pages.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    for number in 0..1_050 {
        shell.write(&format!("tree/{number}"), format!("document {number}"));
    }
    let told = shell.succeeds("$S sync $AT tree c");
    assert!(told.ends_with("\n1050 uploaded\n"), "{told}");
    assert_eq!(shell.succeeds("$S sync $AT tree c"), "1050 unchanged\n");
    shell.succeeds("rm tree/1* tree/[2-9]*");
    let told = shell.succeeds("$S sync $AT --delete tree c");
    assert!(told.ends_with("\n1049 deleted, 1 unchanged\n"), "{told}");
    assert_eq!(shell.ids("c"), ["0"]);
}
