//! Commands whose output pipe has no reader.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::output::with_documents;
use crate::support::server::SLUICE;
use crate::support::shell::rows;
use crate::support::world::Folder;

#[test]
fn every_command_ends_quietly_when_its_output_pipe_is_closed() {
    let folder = Folder::new();
    with_documents(&folder, |shell| {
        shell.write("docs/a.txt", "a");
        shell.write("docs/b.txt", "b");
        for id in ["r", "m", "d"] {
            shell.succeeds(&format!("$S upload $AT --document-id {id} plain.txt"));
        }
        let name = "collections/default/documents/plain.txt";
        let operation = rows(&shell.succeeds("$S operations $AT --output json")).remove(0);
        let operation = operation["operation"].as_str().unwrap();
        let watch = format!("watch {operation}");
        let of_document = |command: &str| format!("{command} {name}");
        let commands = [
            "collections".to_owned(),
            "documents".to_owned(),
            "documents --output json".to_owned(),
            of_document("chunks"),
            of_document("chunks --output json"),
            watch,
            "changes".to_owned(),
            "changes --output json".to_owned(),
            "operations".to_owned(),
            "partitions".to_owned(),
            "partitions --json".to_owned(),
            of_document("locate"),
            "limits".to_owned(),
            "upload plain.txt".to_owned(),
            "upload --output json plain.txt cyrillic.txt --charset auto".to_owned(),
            "upload docs".to_owned(),
            "sync docs handbook".to_owned(),
            "sync docs handbook --dry-run --output json".to_owned(),
            "rechunk collections/default/documents/r --wait".to_owned(),
            "move collections/default/documents/m".to_owned(),
            "admin tenants".to_owned(),
            "admin keys".to_owned(),
            "admin create-key default ada".to_owned(),
            "admin quotas default".to_owned(),
            "admin audit".to_owned(),
            "admin info".to_owned(),
            "delete collections/default/documents/d".to_owned(),
        ];
        for command in commands {
            // The pipe's reader has exited before the program starts.
            let script =
                format!("exec 3> >(true); wait $!; $S {command} $AT >&3; echo \"code $?\"");
            let ended = shell.run(&script);
            assert_eq!(
                (ended.out.as_str(), ended.err.as_str()),
                ("code 0\n", ""),
                "{command}"
            );
        }
    });
}

/// The server sends no more data to write: the command must notice the closed pipe itself.
#[test]
fn a_closed_pipe_ends_a_command_that_waits_for_the_server() {
    let folder = Folder::new();
    with_documents(&folder, |shell| {
        shell.succeeds("mkfifo source");
        let begin = "$S upload $AT --request-id 33333333-3333-4333-8333-333333333333 source & \
                     exec 3> source; echo text >&3; \
                     for n in $(seq 400); do $S operations $AT | grep RUNNING && break; sleep 0.05; done; \
                     read line; exec 3>&-; wait";
        let mut upload = shell.command(begin);
        let mut upload = upload
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = upload.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let operation = line.split_whitespace().next().unwrap();
        for command in [
            ["watch", operation].as_slice(),
            &["changes", "--follow"],
            &["partitions", "--watch"],
            &["chunks", "collections/default/documents/source", "--follow"],
        ] {
            let mut waiting = Command::new("timeout")
                .arg("60")
                .arg(SLUICE)
                .args(command)
                .args(["--server", &format!("http://{}", shell.server.address)])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            drop(waiting.stdout.take());
            let ended = waiting.wait_with_output().unwrap();
            let said = String::from_utf8(ended.stderr).unwrap();
            assert_eq!(
                (ended.status.code(), said.as_str()),
                (Some(0), ""),
                "{command:?}"
            );
        }
        drop(upload.stdin.take());
        upload.wait().unwrap();
    });
}
