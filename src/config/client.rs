//! What the environment says to the commands that talk to a server.

use std::path::PathBuf;

use crate::domain::identity::secret::Secret;

/// The key that a command shows to a server. It is no setting of an instance.
pub(super) const API_KEY: &str = "SLUICE_API_KEY";

/// The server that a command calls. It is no setting of an instance.
pub const SERVER: &str = "SLUICE_SERVER";
/// The folder of what programs keep between their runs, and the one of the user (XDG Base Directory
/// Specification).
const STATE_HOME: &str = "XDG_STATE_HOME";
const HOME: &str = "HOME";

/// The key that the environment has, if it has one.
#[must_use]
pub fn api_key() -> Option<Secret> {
    text(API_KEY).map(Secret::new)
}

/// The server that the environment names, if it names one.
#[must_use]
pub fn server() -> Option<String> {
    text(SERVER)
}

/// The folder in which this program keeps what is for its next run; none without a home.
#[must_use]
pub fn state_folder() -> Option<PathBuf> {
    let absolute = |name| {
        let found = std::env::var_os(name).map(PathBuf::from);
        found.filter(|path| path.is_absolute())
    };
    let home = || absolute(HOME).map(|home| home.join(".local/state"));
    let state = absolute(STATE_HOME).or_else(home)?;
    Some(state.join("sluice"))
}

fn text(name: &str) -> Option<String> {
    let text = std::env::var_os(name)?.into_string().ok()?;
    Some(text).filter(|text| !text.is_empty())
}
