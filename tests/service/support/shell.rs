//! Runs the `sluice` program in a shell, against a server.

use std::process::{Command, Output};

use serde_json::Value;

use crate::support::server::{SLUICE, Server};
use crate::support::world::Folder;

/// The exit code and the output of a command.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A working directory and a server for scripts.
pub(crate) struct Shell<'a> {
    pub(crate) server: &'a Server,
    pub(crate) folder: &'a Folder,
}

impl Shell<'_> {
    /// Runs a bash script in the folder. `$S` is the program, and `$AT` is its `--server` argument.
    pub(crate) fn run(&self, script: &str) -> Ended {
        Ended::of(self.command(script).output().unwrap())
    }

    /// Returns the command that [`Self::run`] executes, not yet started.
    pub(crate) fn command(&self, script: &str) -> Command {
        let mut command = Command::new("bash");
        command
            .args(["-c", script])
            .current_dir(&self.folder.0)
            .env("S", SLUICE)
            // A hidden folder, so that uploads of the working directory skip it.
            .env("XDG_STATE_HOME", self.folder.0.join(".state"))
            .env("AT", format!("--server=http://{}", self.server.address));
        command
    }

    /// Runs a script, asserts that it succeeds, and returns its output.
    pub(crate) fn succeeds(&self, script: &str) -> String {
        let ended = self.run(script);
        assert_eq!(ended.code, 0, "{script}: {ended:?}");
        ended.out
    }

    /// Writes a file below the folder.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.folder.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Returns the ids of a collection's documents, in list order.
    pub(crate) fn ids(&self, collection: &str) -> Vec<String> {
        let listed = self.succeeds(&format!(
            "$S documents $AT --output json collections/{collection}"
        ));
        let names = rows(&listed).into_iter();
        names
            .map(|row| {
                let name = row["document"].as_str().unwrap().to_owned();
                name.rsplit('/').next().unwrap().to_owned()
            })
            .collect()
    }

    /// Returns the text of a document: its chunks, concatenated.
    pub(crate) fn text(&self, collection: &str, id: &str) -> String {
        let name = format!("collections/{collection}/documents/{id}");
        let read = self.succeeds(&format!("$S chunks $AT --output json '{name}'"));
        let chunks = rows(&read).into_iter();
        chunks
            .map(|row| row["text"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Parses printed lines of JSON.
pub(crate) fn rows(printed: &str) -> Vec<Value> {
    let lines = printed.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
