//! Any text as a configuration: refused or taken, and no password is shown.

use std::fs;

use sluice::config::Config;
use sluice::config::store_url::Location;

/// The middle of a password.
const SECRET: &str = "eUvXzkT3bGrLw8Qp";

/// A file of settings, and the parts of a database's address.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    // The way that an instance takes: by a file.
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
        // Found by comparing, and put into a place that is shown.
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
