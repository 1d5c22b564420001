//! Checks the logs of the servers of all tests while they are written: no line may show a secret.

use std::io::{BufRead, BufReader, Write};
use std::process::ChildStderr;
use std::sync::{Mutex, Once, PoisonError};
use std::thread::{self, JoinHandle};

use sluice::application::auth::api_key;
use tracing_subscriber::EnvFilter;

/// The filter of the servers' own log lines. One test also reads the lines of their libraries.
pub(crate) const FILTER: &str = "info,sluice=trace";

/// `sluice_{16 digits}_{64 digits}`.
const KEY_BYTES: usize = 88;

/// The first line that showed a secret.
static FOUND: Mutex<Option<String>> = Mutex::new(None);

/// Starts to check the log lines of the servers that run in this process.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(FILTER))
            .with_ansi(false)
            .with_writer(|| Reader)
            .init();
    });
}

/// Checks the log of a server in a process of its own, and prints its errors to stderr.
#[expect(
    clippy::print_stderr,
    reason = "the errors of a server belong to the output of a failed test"
)]
pub(crate) fn read(log: ChildStderr) -> JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            look(&line);
            if line.contains("ERROR") {
                eprintln!("{line}");
            }
        }
    })
}

/// Fails if any line checked until now shows a secret.
pub(crate) fn assert_clean() {
    let found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(
        thread::panicking() || found.is_none(),
        "a log line shows a secret: {found:?}"
    );
}

/// A log writer that checks one event at a time.
struct Reader;

impl Write for Reader {
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        look(&String::from_utf8_lossy(event));
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Records a line if it is the first that shows a secret.
pub(crate) fn look(line: &str) {
    if shows_secret(line) {
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        found.get_or_insert_with(|| line.to_owned());
    }
}

/// Whether a line shows an API key, a token, a private key, or a password in a URL.
///
/// A token (RFC 7519) begins with two JSON objects in base64url.
fn shows_secret(line: &str) -> bool {
    let is_key = |(at, _)| {
        line.get(at..at + KEY_BYTES)
            .is_some_and(|key| api_key::read(key).is_some())
    };
    let is_part_of_one = |char: char| char.is_ascii_alphanumeric() || "_-.".contains(char);
    let is_token = |(at, _)| {
        let word = line[at..].split(|char| !is_part_of_one(char)).next();
        word.is_some_and(|word: &str| word.contains(".eyJ"))
    };
    let password = |address: &str| {
        let authority = address.split(['/', ' ', '"']).next().unwrap_or_default();
        let who = authority.rsplit_once('@').map_or("", |(who, _)| who);
        who.contains(':')
    };
    line.match_indices("sluice_").any(is_key)
        || line.match_indices("eyJ").any(is_token)
        || line.contains("PRIVATE KEY")
        || line.split("://").skip(1).any(password)
}

#[test]
fn a_secret_in_a_log_line_is_detected() {
    let key = format!("sluice_{}_{}", "0".repeat(16), "a".repeat(64));
    for secret in [
        key.as_str(),
        &format!("key={key}."),
        &format!("\u{1b}[3mkey\u{1b}[0m\u{1b}[2m=\u{1b}[0m{key}"),
        &format!(r"a file says\n{key}\n"),
        &format!("\"authorization\": \"Bearer {key}\""),
        "a token: eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln",
        "-----BEGIN PRIVATE KEY-----",
        "connecting to postgres://sluice:open@127.0.0.1:5432/sluice",
        "redis://:open@127.0.0.1/ does not answer",
    ] {
        assert!(shows_secret(secret), "{secret}");
    }
    for harmless in [
        "",
        &key[..23],
        "eyJ",
        "http://127.0.0.1:50051 and a@b:c",
        "postgres://sluice@127.0.0.1:5432/sluice?a=b:c@d",
    ] {
        assert!(!shows_secret(harmless), "{harmless}");
    }
}
