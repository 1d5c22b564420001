//! The logs of a server: text for people, JSON Lines for programs, or the format that is set.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::signals::TERM;
use crate::world::{Folder, SLUICE};

/// Gives a program a terminal as its standard error, copies the first line that it writes there, and kills it.
const TERMINAL: &str = "
import os, signal, sys
reader, terminal = os.openpty()
child = os.fork()
if child == 0:
    os.dup2(terminal, 2)
    os.close(reader)
    os.execvp(sys.argv[1], sys.argv[1:])
os.close(terminal)
said = b''
while not said.endswith(b'\\n'):
    said += os.read(reader, 1)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
sys.stderr.buffer.write(said)
";

/// Returns the first line that a server logs, at a terminal or not.
fn first_line(flags: &[&str], environment: &[(&str, &str)], is_at_terminal: bool) -> String {
    let folder = Folder::new();
    let mut command = if is_at_terminal {
        let mut command = Command::new("python3");
        command.args(["-c", TERMINAL, SLUICE]);
        command
    } else {
        Command::new(SLUICE)
    };
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(flags)
        .current_dir(folder.path())
        .env_remove("NO_COLOR")
        .env("TERM", "xterm")
        .envs(environment.iter().copied())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut server = command.spawn().unwrap();
    let mut line = String::new();
    let mut log = BufReader::new(server.stderr.take().unwrap());
    log.read_line(&mut line).unwrap();
    if !is_at_terminal {
        server.kill().unwrap();
    }
    server.wait().unwrap();
    line.trim().to_owned()
}

/// Returns all log lines of a server while `work` uses it by its address.
fn log_of(work: impl FnOnce(&str, &Folder)) -> Vec<serde_json::Value> {
    let folder = Folder::new();
    let mut server = Command::new(SLUICE)
        .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(server.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    work(line.trim().rsplit(' ').next().unwrap(), &folder);
    TERM.send(&server);
    let log = BufReader::new(server.stderr.take().unwrap()).lines();
    let log = log.map(|line| serde_json::from_str(&line.unwrap()).unwrap());
    let log = log.collect();
    server.wait().unwrap();
    log
}

/// Returns the fields of the lines with that message.
fn said<'a>(log: &'a [serde_json::Value], message: &str) -> Vec<&'a serde_json::Value> {
    let fields = log.iter().map(|line| &line["fields"]);
    fields
        .filter(|fields| fields["message"] == message)
        .collect()
}

#[test]
fn the_life_of_an_upload_and_the_end_of_its_call_are_logged() {
    const ID: &str = "33333333-3333-4333-8333-333333333333";
    let log = log_of(|server, folder| {
        std::fs::write(folder.path().join("good.txt"), "A short document.").unwrap();
        std::fs::write(folder.path().join("bad.txt"), b"A fault: \xFF.").unwrap();
        let upload = |arguments: &[&str]| {
            let mut command = Command::new(SLUICE);
            let command = command.args(["upload", "--server", server]).args(arguments);
            command.current_dir(folder.path()).output().unwrap()
        };
        assert!(upload(&["good.txt", "--request-id", ID]).status.success());
        let wrong = upload(&["bad.txt", "--charset", "utf-8"]);
        assert!(!wrong.status.success(), "{wrong:?}");
    });
    let started = said(&log, "upload started");
    assert_eq!(started.len(), 2, "{log:?}");
    let started = started[0];
    assert_eq!(
        (&started["operation"], &started["bytes"]),
        (&ID.into(), &0.into())
    );
    let succeeded = said(&log, "upload succeeded");
    assert_eq!(succeeded.len(), 1, "{log:?}");
    let succeeded = succeeded[0];
    assert_eq!(succeeded["operation"], ID);
    assert_eq!(
        succeeded["resource"],
        "collections/default/documents/good.txt"
    );
    assert_eq!(
        (&succeeded["bytes"], &succeeded["chunks"]),
        (&17.into(), &1.into())
    );
    assert!(succeeded["duration_ms"].is_u64());
    let failed = said(&log, "upload failed");
    assert_eq!(failed.len(), 1, "{log:?}");
    assert_eq!(failed[0]["reason"], "INVALID_CONTENT");
    let ends = log.iter().filter(|line| {
        let method = line["span"]["rpc.method"].as_str().unwrap_or_default();
        line["fields"]["message"] == "call ended"
            && method.starts_with("/sluice.v1.UploadService/Upload")
    });
    let codes = ends
        .map(|line| &line["fields"]["rpc.status_code"])
        .collect::<Vec<_>>();
    assert_eq!(codes.len(), 2, "{log:?}");
    assert_eq!(codes[0], "OK");
    assert_ne!(codes[1], "OK");
}

fn is_json(line: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(line).is_ok()
}

/// Variables of the environment, by name.
type Environment = &'static [(&'static str, &'static str)];

#[test]
fn logs_are_text_at_a_terminal_and_json_elsewhere_unless_set() {
    let variable: Environment = &[("SLUICE_LOG_FORMAT", "json")];
    let cases: [(&[&str], Environment, bool, bool); 6] = [
        (&[], &[], false, true),
        (&[], &[], true, false),
        (&["--log-format", "text"], &[], false, false),
        (&["--log-format", "json"], &[], true, true),
        (&[], variable, true, true),
        (&["--log-format", "text"], variable, true, false),
    ];
    for (flags, environment, is_at_terminal, json) in cases {
        let line = first_line(flags, environment, is_at_terminal);
        let case = format!("{flags:?} {environment:?} {is_at_terminal}: {line}");
        assert!(line.contains("listening"), "{case}");
        assert_eq!(is_json(&line), json, "{case}");
    }
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let text = &["--log-format", "text"];
    let cases: [(Environment, bool, bool); 5] = [
        (&[], true, true),
        (&[("NO_COLOR", "1")], true, false),
        (&[("NO_COLOR", "")], true, true),
        (&[("TERM", "dumb")], true, false),
        (&[], false, false),
    ];
    for (environment, is_at_terminal, has_colour) in cases {
        let line = first_line(text, environment, is_at_terminal);
        assert_eq!(
            line.contains('\u{1b}'),
            has_colour,
            "{environment:?} {is_at_terminal}: {line}"
        );
    }
}
