//! What a server logs: text for people, JSON Lines for programs, or as it is told.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::world::{Folder, SLUICE};

/// Gives a program a terminal as its standard error, copies the first line that is written there, and ends it.
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

/// The first line that a server logs, at a terminal or not.
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

fn is_json(line: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(line).is_ok()
}

/// Variables of the environment, by name.
type Environment = &'static [(&'static str, &'static str)];

#[test]
fn logs_are_text_at_a_terminal_and_json_elsewhere_unless_told() {
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
