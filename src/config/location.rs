//! Where something is: a file, or a server with a password that nobody shall read.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize, Serializer};

/// What the address of a PostgreSQL database begins with.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// What the address of a Redis begins with.
const REDIS: &str = "redis://";

/// A file's path, or a server's address. It is shown without password and parameters.
#[derive(Clone, Deserialize, PartialEq)]
#[serde(from = "String")]
pub struct Location(String);

impl From<String> for Location {
    fn from(location: String) -> Self {
        Self(location)
    }
}

impl Location {
    /// The address, if it is a database's.
    #[must_use]
    pub fn database(&self) -> Option<&str> {
        let is_database = SCHEMES.iter().any(|scheme| self.0.starts_with(scheme));
        is_database.then_some(&self.0)
    }

    /// The address, if it is a Redis's.
    #[must_use]
    pub fn redis(&self) -> Option<&str> {
        self.0.starts_with(REDIS).then_some(&self.0)
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The path, if it is a file's.
    #[must_use]
    pub fn file(&self) -> &Path {
        Path::new(&self.0)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of a scheme that is not known too: what is refused is shown as well.
        let shown = self.0.split_once("://").and_then(|(scheme, rest)| {
            let (rest, parameters) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
            if parameters.contains('@') {
                // A password may have been written with its `?`: where it ends nobody can tell.
                return Some(format!("{scheme}://"));
            }
            let (user, host) = rest.rsplit_once('@').unwrap_or(("", rest));
            let user = user.split(':').next()?;
            let at = if user.is_empty() { "" } else { "@" };
            Some(format!("{scheme}://{user}{at}{host}"))
        });
        f.write_str(shown.as_deref().unwrap_or(&self.0))
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl Serialize for Location {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Location;

    #[test]
    fn a_password_is_never_shown() {
        let shown = |location: &str| format!("{:?}", Location::from(location.to_owned()));
        assert_eq!(
            shown("postgres://user:pass@word@host:5432/db?password=secret"),
            "\"postgres://user@host:5432/db\""
        );
        assert_eq!(shown("postgresql://host/db"), "\"postgresql://host/db\"");
        assert_eq!(shown("redis://:secret@host:6379"), "\"redis://host:6379\"");
        assert_eq!(shown("rediss://:secret@host"), "\"rediss://host\"");
        for password in ["pass?word", "pass#word", "pass?w@rd"] {
            let address = format!("postgres://user:{password}@host/db");
            assert_eq!(shown(&address), "\"postgres://\"");
        }
        assert_eq!(shown("folder/a file.db"), "\"folder/a file.db\"");
    }
}
