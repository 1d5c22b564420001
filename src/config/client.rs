//! Environment variables of the commands that call a server.

use std::path::PathBuf;

use crate::domain::identity::secret::Secret;

/// The API key that a command sends to a server; no setting of an instance.
pub(super) const API_KEY: &str = "SLUICE_API_KEY";

/// The server that a command calls; no setting of an instance.
pub const SERVER: &str = "SLUICE_SERVER";
/// The folder for the state that programs keep between their runs, and the folder of the user (XDG Base Directory
/// Specification).
const STATE_HOME: &str = "XDG_STATE_HOME";
const HOME: &str = "HOME";

/// Returns the API key in the environment. `None` if it is not set or empty.
#[must_use]
pub fn api_key() -> Option<Secret> {
    text(API_KEY).map(Secret::new)
}

/// Returns the server in the environment. `None` if it is not set or empty.
#[must_use]
pub fn server() -> Option<String> {
    text(SERVER)
}

/// Returns the folder with the state for the next run of this program. `None` if there is no home.
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
