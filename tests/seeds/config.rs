//! Any text as a configuration: accepted or refused, and no password is shown.

use std::fs;

use sluice::config::Config;
use sluice::config::addresses::store_url::Location;

/// The middle part of a password.
const SECRET: &str = "eUvXzkT3bGrLw8Qp";

/// Checks a text as a file of settings, and its first four lines as the parts of a database address.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    // An instance reads its settings from a file too.
    let file = std::env::temp_dir().join(format!("sluice-seeds-{}.toml", std::process::id()));
    fs::write(&file, text).unwrap();
    match Config::load(Some(&file)) {
        Ok(config) => {
            let shown = format!("{config:?} {:?}", config.check());
            assert!(!shown.is_empty());
        }
        Err(refused) => assert!(!refused.to_string().is_empty()),
    }
    fs::remove_file(&file).unwrap();
    if text.contains(SECRET) {
        // A fuzzer can find the secret by comparison, and put it into a part that is shown.
        return;
    }
    let mut parts = text.splitn(4, '\n');
    let mut part = || parts.next().unwrap_or_default();
    let (user, before, after, host) = (part(), part(), part(), part());
    for scheme in ["postgres", "postgresql"] {
        let password = format!("{before}{SECRET}{after}");
        let address = format!("{scheme}://{user}:{password}@{host}");
        let shown = format!("{:?}", Location::from(address));
        assert!(!shown.contains(SECRET), "{shown}");
        let address = format!("{scheme}://{host}/database?password={password}");
        let shown = Location::from(address).to_string();
        assert!(!shown.contains(SECRET), "{shown}");
    }
}
