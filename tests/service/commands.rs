//! Commands of the program, run against a server.

use std::io::{BufRead, BufReader, Write};
use std::process::Command;

use serde_json::Value;

use crate::private;
use crate::support::server::{SLUICE, Server, program};
use crate::support::world::{Folder, expected, prose};

/// Runs `sluice` against a server. Returns its standard output, or its standard error if it fails.
pub(crate) fn run(server: &Server, arguments: &[&str]) -> Result<String, String> {
    let done = program()
        .args(arguments)
        .args(["--server", &format!("http://{}", server.address)])
        .output()
        .unwrap();
    if done.status.success() {
        Ok(String::from_utf8(done.stdout).unwrap())
    } else {
        Err(String::from_utf8(done.stderr).unwrap())
    }
}

/// Runs `sluice` on a store for at most 20 s. Returns its standard output, or its standard error if it fails.
fn run_on(store: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("timeout");
    command.arg("20").arg(SLUICE).args(arguments);
    let done = command.args(["--store", store]).output().unwrap();
    let said = |bytes| String::from_utf8(bytes).unwrap();
    if done.status.success() {
        Ok(said(done.stdout))
    } else {
        Err(said(done.stderr))
    }
}

#[test]
fn a_database_is_migrated_before_it_is_served() {
    let cluster = private::cluster();
    let database = cluster.database();
    let name = database.rsplit('/').next().unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let migrations = || cluster.psql(name, "SELECT * FROM _sqlx_migrations ORDER BY version");
    let refused = run_on(&database, &serve).unwrap_err();
    assert!(refused.contains("run `sluice migrate` first"), "{refused}");
    let done = run_on(&database, &["migrate"]).unwrap();
    assert!(
        done.ends_with(" has the schema of this version\n"),
        "{done}"
    );
    let first = migrations();
    assert_eq!(run_on(&database, &["migrate"]), Ok(done));
    assert_eq!(migrations(), first, "a migration ran again");
    drop(Server::start(&database));
    cluster.psql(name, "UPDATE _sqlx_migrations SET checksum = ''");
    for arguments in [&serve[..], &["migrate"]] {
        let refused = run_on(&database, arguments).unwrap_err();
        assert!(refused.contains("newer than this program"), "{refused}");
    }
    let refused = run_on("file.db", &["migrate"]).unwrap_err();
    assert!(refused.contains("only a database is migrated"), "{refused}");
}

pub(crate) fn rows(printed: &str) -> Vec<Value> {
    let lines = printed.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn documents_are_uploaded_found_followed_and_deleted() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("commands.db"));
    let text = prose(100_000);
    let (plain, packed) = (folder.0.join("plain.txt"), folder.0.join("packed.txt.gz"));
    std::fs::write(&plain, &text).unwrap();
    let file = std::fs::File::create(&packed).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap();
    let frame = folder.0.join("frame.txt.zst");
    std::fs::write(&frame, zstd::bulk::compress(text.as_bytes(), 1).unwrap()).unwrap();

    let path = |path: &std::path::Path| path.display().to_string();
    let id = |path: &std::path::Path| path.display().to_string().replace('/', "~2f");
    run(&server, &["upload", "--label", "kind=plain", &path(&plain)]).unwrap();
    run(
        &server,
        &[
            "upload",
            "--label",
            "kind=packed",
            &path(&packed),
            &path(&frame),
        ],
    )
    .unwrap();
    let documents = ["documents", "--output", "json", "--label", "kind=packed"];
    let found = rows(&run(&server, &documents).unwrap());
    let names = found.iter().map(|row| row["document"].as_str().unwrap());
    let parent = "collections/default/documents";
    let expected_names = [
        format!("{parent}/{}", id(&frame)),
        format!("{parent}/{}", id(&packed)),
    ];
    assert!(names.eq(expected_names.iter()));
    for name in &expected_names {
        let chunks = rows(&run(&server, &["chunks", name, "--output", "json"]).unwrap());
        let texts = chunks
            .iter()
            .map(|row| row["text"].as_str().unwrap().to_owned());
        assert!(
            texts.eq(expected(&text).into_iter().map(|(_, _, _, text)| text)),
            "{name}"
        );
    }

    let told = rows(&run(&server, &["changes", "--output", "json"]).unwrap());
    let added = told.iter().filter(|row| row["change"] == "added").count();
    assert_eq!(added, 3 * expected(&text).len());
    let cursor = told.last().unwrap()["cursor"].as_str().unwrap().to_owned();
    let deleted = run(&server, &["delete", &expected_names[0]]).unwrap();
    run(&server, &["watch", deleted.trim()]).unwrap();
    let changes = ["changes", "--after", &cursor, "--output", "json"];
    let told = rows(&run(&server, &changes).unwrap());
    assert!(
        told.iter()
            .any(|row| row["change"] == "reset" && row["name"] == expected_names[0])
    );
    let operations = rows(&run(&server, &["operations", "--output", "json"]).unwrap());
    assert_eq!(
        (operations.len(), &operations[0]["kind"]),
        (4, &"DELETE_DOCUMENT".into())
    );
    let refused = run(&server, &["cancel", deleted.trim()]).unwrap_err();
    assert!(refused.contains("cannot be cancelled"), "{refused}");
    let refused = run(&server, &["delete", "collections/default"]).unwrap_err();
    assert!(refused.contains("has documents"), "{refused}");
    run(&server, &["delete", "collections/default", "--force"]).unwrap();
    let documents = run(&server, &["documents", "--output", "json"]);
    assert_eq!(documents.as_deref(), Ok(""), "it is there again, and empty");
}

/// Reusing a request id with other content or other options is an error, and loses no data.
#[test]
fn a_repeated_request_id_returns_the_same_or_is_refused() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("repeated.db"));
    let file = folder.0.join("l");
    let path = file.display().to_string();
    let id = "33333333-3333-4333-8333-333333333333";
    let upload = |options: &[&str]| {
        let arguments = [&["upload", "--request-id", id], options, &[path.as_str()]];
        run(&server, &arguments.concat())
    };
    std::fs::write(&file, "one\n").unwrap();
    let done = upload(&[]).unwrap();
    assert!(done.contains("version 1"), "{done}");
    assert_eq!(upload(&[]).unwrap(), done, "the same again");
    std::fs::write(&file, "one\ntwo\n").unwrap();
    let refused = upload(&[]).unwrap_err();
    assert!(refused.contains("use another request id"), "{refused}");
    std::fs::write(&file, "one\n").unwrap();
    for options in [
        ["--label", "key=value"],
        ["--max-size", "50"],
        ["--document-id", "other"],
    ] {
        let refused = upload(&options).unwrap_err();
        assert!(refused.contains("use another request id"), "{refused}");
    }
    assert_eq!(upload(&[]).unwrap(), done);
    let listed = run(&server, &["documents", "--output", "json"]).unwrap();
    let name = rows(&listed)[0]["document"].as_str().unwrap().to_owned();
    run(&server, &["delete", &name]).unwrap();
    let refused = upload(&[]).unwrap_err();
    assert!(refused.contains("was deleted"), "{refused}");
}

#[test]
fn partitions_are_shown_and_documents_are_located_and_moved() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("partitions.db"));
    let file = folder.0.join("d.txt");
    std::fs::write(&file, prose(20_000)).unwrap();
    let upload = ["upload", "--document-id=d.txt", &file.display().to_string()];
    run(&server, &upload).unwrap();
    let shown = run(&server, &["partitions"]).unwrap();
    let lines = shown.lines().collect::<Vec<_>>();
    assert_eq!(lines.len(), 102, "a head, a hundred, and the verdict");
    let verdict = "HEALTHY: TOO_FEW_DOCUMENTS; advice WAIT; max/mean 100.000, gini 0.990";
    assert_eq!(lines[101], verdict);
    let json = rows(&run(&server, &["partitions", "--json"]).unwrap());
    assert_eq!(json[0]["partitions"].as_array().unwrap().len(), 100);
    assert_eq!(json[0]["verdict"], "HEALTHY");

    let mut watching = program()
        .args(["partitions", "--watch", "--json", "--server"])
        .arg(format!("http://{}", server.address))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut watched = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut next = || rows(&watched.next().unwrap().unwrap()).remove(0);
    assert_eq!(next(), json[0]);

    let name = "collections/default/documents/d.txt";
    let locate = || rows(&run(&server, &["locate", name, "--output", "json"]).unwrap()).remove(0);
    let before = locate();
    assert_eq!(before["is_candidate"], true);
    assert_eq!(before["chunks"], before["counted_chunks"]);
    let operation = run(&server, &["move", name, "--wait"]).unwrap();
    assert!(operation.starts_with("operations/"), "{operation}");
    let after = locate();
    assert_ne!(after["partition"], before["partition"]);
    assert_eq!(after["chunks"], before["chunks"]);
    assert_ne!(next(), json[0], "the document has moved");
    watching.kill().unwrap();
    watching.wait().unwrap();
    let refused = run(&server, &["move", name]).unwrap_err();
    assert!(refused.contains("another move"), "{refused}");
}

#[test]
fn a_document_is_rechunked_and_waited_for() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("rechunk.db"));
    let (text, file) = (prose(100_000), folder.0.join("d.txt"));
    std::fs::write(&file, &text).unwrap();
    let upload = ["upload", "--document-id=d.txt", &file.display().to_string()];
    run(&server, &upload).unwrap();
    let name = "collections/default/documents/d.txt";
    let done = run(&server, &["rechunk", name, "--max-size", "300", "--wait"]).unwrap();
    let chunks = rows(&run(&server, &["chunks", name, "--output", "json"]).unwrap()).len();
    assert_eq!(done, format!("{name}: {chunks} chunks\n"));
    assert!(chunks > 2 * expected(&text).len());
    let begun = run(&server, &["rechunk", name]).unwrap();
    run(&server, &["watch", begun.trim()]).unwrap();
    let rows = rows(&run(&server, &["chunks", name, "--output", "json"]).unwrap());
    assert_eq!(rows.len(), expected(&text).len(), "the collection's spec");
    let refused = run(&server, &["rechunk", "d.txt"]).unwrap_err();
    assert!(refused.contains("collections/"), "{refused}");
    let none = "collections/default/documents/none";
    let refused = run(&server, &["rechunk", none, "--wait"]).unwrap_err();
    assert!(refused.contains("no document"), "{refused}");
}

#[test]
fn labels_are_set_removed_and_cleared_without_an_upload() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("update.db"));
    let file = folder.0.join("d.txt");
    std::fs::write(&file, "text").unwrap();
    let upload = ["upload", "--document-id=d.txt", "--label", "a=1"];
    let file = file.display().to_string();
    run(&server, &[&upload[..], &[&file]].concat()).unwrap();
    let name = "collections/default/documents/d.txt";
    let update = |flags: &[&str]| {
        let command = [&["update", name, "--output", "json"], flags].concat();
        let row = rows(&run(&server, &command).unwrap()).remove(0);
        (row["labels"].clone(), row["display_name"].clone())
    };
    let labels = update(&["--label", "b=2", "--label", "c=3"]).0;
    assert_eq!(labels, serde_json::json!({ "a": "1", "b": "2", "c": "3" }));
    let labels = update(&["--remove-label", "a", "--label", "b=4"]).0;
    assert_eq!(labels, serde_json::json!({ "b": "4", "c": "3" }));
    let labels = update(&["--clear-labels", "--label", "d=5"]).0;
    assert_eq!(labels, serde_json::json!({ "d": "5" }));
    assert_eq!(update(&["--display-name", "A name"]).1, "A name");
    run(&server, &["upload", "--document-id=d.txt", &file]).unwrap();
    assert_eq!(
        update(&["--media-type", ""]).0,
        serde_json::json!({ "d": "5" })
    );
    let none = "collections/default/documents/none";
    let refused = run(&server, &["update", none, "--clear-labels"]).unwrap_err();
    assert!(refused.contains("no document"), "{refused}");
}

#[test]
fn a_range_of_chunks_is_printed() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("range.db"));
    let (text, file) = (prose(20_000), folder.0.join("d.txt"));
    std::fs::write(&file, &text).unwrap();
    let upload = ["upload", "--document-id=d.txt", &file.display().to_string()];
    run(&server, &upload).unwrap();
    let name = "collections/default/documents/d.txt";
    let read = |flags: &[&str]| {
        let command = [&["chunks", name, "--output", "json"], flags].concat();
        let rows = rows(&run(&server, &command).unwrap());
        let ordinals = rows.iter().map(|row| row["ordinal"].as_i64().unwrap());
        ordinals.collect::<Vec<_>>()
    };
    assert_eq!(read(&["--last-ordinal", "2"]), [0, 1, 2]);
    assert_eq!(read(&["--after", "3", "--last-ordinal", "5"]), [4, 5]);
    assert_eq!(read(&["--follow", "--last-ordinal", "0"]), [0]);
    let third = expected(&text)[2].1;
    let start = third.to_string();
    let end = (third + 1).to_string();
    assert_eq!(read(&["--start-byte", &start, "--end-byte", &end]), [2]);
    assert_eq!(read(&["--end-byte", &end]), [0, 1, 2]);
    assert_eq!(read(&["--start-byte", "20000000"]), [0; 0]);
    let wrong = ["chunks", name, "--after", "3", "--last-ordinal", "3"];
    let refused = run(&server, &wrong).unwrap_err();
    assert!(refused.contains("last_ordinal"), "{refused}");
}

#[test]
fn usage_of_limits_is_shown() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("limits.db"));
    run(&server, &["partitions"]).unwrap();
    let shown = run(&server, &["limits"]).unwrap();
    assert!(
        shown.ends_with("counted by this instance alone\n"),
        "{shown}"
    );
    let json = rows(&run(&server, &["limits", "--output", "json"]).unwrap());
    let admin = json.iter().find(|row| row["limit"] == "admin").unwrap();
    assert_eq!(
        (&admin["principal"], &admin["most"]),
        (&"anonymous 127.0.0.1".into(), &500.into())
    );
    assert!(admin["used"].as_i64().unwrap() > 0, "{admin}");
}

#[test]
fn a_file_of_the_server_is_imported_and_waited_for() {
    let folder = Folder::new();
    let root = folder.0.join("root");
    std::fs::create_dir_all(root.join("a folder")).unwrap();
    let text = prose(100_000);
    std::fs::write(root.join("a folder/f.txt"), &text).unwrap();
    let settings = [("SLUICE_IMPORT__ROOT", root.to_str().unwrap())];
    let server = Server::start_with(folder.0.join("import.db"), &settings);
    let (path, name) = ("a folder/f.txt", "collections/new/documents/d");
    let done = run(
        &server,
        &["import", "new/d", path, "--wait", "--label", "a=b"],
    )
    .unwrap();
    let chunks = rows(&run(&server, &["chunks", name, "--output", "json"]).unwrap());
    assert_eq!(done, format!("{name}: {} chunks\n", chunks.len()));
    assert_eq!(chunks.len(), expected(&text).len());
    let begun = run(&server, &["import", name, path]).unwrap();
    run(&server, &["watch", begun.trim()]).unwrap();
    let missing = run(&server, &["import", "new/d", "none.txt", "--wait"]).unwrap_err();
    assert!(missing.contains("no file of that name"), "{missing}");
    for wrong in [["import", "d", path], ["import", "new/d", "../f.txt"]] {
        let refused = run(&server, &wrong).unwrap_err();
        assert!(refused.contains("must "), "{refused}");
    }
}
