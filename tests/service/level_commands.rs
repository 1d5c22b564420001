//! Levels from the command line.

use std::process::Command;

use crate::commands::{rows, run};
use crate::support::server::{SLUICE, Server};
use crate::support::world::{Folder, prose};

/// A document in levels from the command line: the parents of a local run, of an upload, and of a chunk.
#[test]
fn chunks_of_levels_and_the_context_of_a_chunk_are_printed() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("levels.db"));
    let file = folder.0.join("d.txt");
    std::fs::write(&file, prose(20_000)).unwrap();
    let file = file.display().to_string();
    let upload = ["upload", "--document-id=d", "--levels=1600,400,100", &file];
    run(&server, &upload).unwrap();
    let name = "collections/default/documents/d";
    let read = |arguments: &[&str]| {
        let command = [arguments, &["--output", "json"]].concat();
        rows(&run(&server, &command).unwrap())
    };
    let parents = read(&["chunks", name, "--level", "0,1"]);
    let local = Command::new(SLUICE)
        .args(["chunk", "--levels=1600,400,100", "--output=json", &file])
        .output()
        .unwrap();
    let local = rows(&String::from_utf8(local.stdout).unwrap());
    let ended = local.iter().flat_map(|chunk| {
        let mut ended = chunk["ended_parents"].as_array().unwrap().clone();
        ended.reverse();
        ended
    });
    let place = |parent: &serde_json::Value| {
        ["level", "start_byte", "end_byte", "sha256", "first_ordinal"]
            .map(|field| parent[field].clone())
    };
    assert!(
        parents.len() > 50
            && parents
                .iter()
                .map(place)
                .eq(ended.map(|parent| place(&parent)))
    );
    let chunk = format!("{name}/chunks/30");
    let context = read(&["context", &chunk, "--neighbors", "1", "--parents"]);
    let relations = context.iter().map(|row| row["relation"].as_str().unwrap());
    let relations = relations.collect::<Vec<_>>();
    assert_eq!(relations, ["PARENT", "PARENT", "BEFORE", "CHUNK", "AFTER"]);
    assert!(
        context[0]["text"]
            .as_str()
            .unwrap()
            .contains(context[1]["text"].as_str().unwrap())
    );
    let shown = run(
        &server,
        &["chunks", name, "--level", "1", "--last-ordinal", "0"],
    )
    .unwrap();
    assert!(shown.contains("1:0"), "{shown}");
    let changes = read(&["changes", "--level", "0"]);
    let added = changes.iter().filter(|change| change["change"] == "added");
    assert!(added.count() >= 12);
    let refused = run(&server, &["chunks", name, "--level", "3"]).unwrap_err();
    assert!(refused.contains("which are 0 to 2"), "{refused}");
    let refused = run(&server, &["upload", "--levels=400,300", &file]).unwrap_err();
    assert!(
        refused.contains("--levels") && refused.contains("at least 2 times"),
        "{refused}"
    );
}
