//! The location of a store or a Redis: a file, or a server with a password that must not be shown.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize, Serializer};

/// The prefixes of the address of a PostgreSQL database.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// The separator between a scheme and the rest.
const SCHEME: &str = "://";
/// Prefixes that were probably meant as a scheme.
const OTHERS: [&str; 4] = ["postgres:", "postgresql:", "sqlite:", "file:"];
/// The prefix of the address of a Redis.
const REDIS: &str = "redis://";

/// A file's path, or a server's address. Shown without the password and the parameters.
#[derive(Clone, Deserialize, PartialEq)]
#[serde(from = "String")]
pub struct Location(String);

/// A location that is neither a file nor a database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The location is empty.
    #[error(
        "store.location must not be empty: set a file's path, or postgres://user@host/database"
    )]
    Empty,
    /// The scheme is not one of a store.
    #[error(
        "store.location begins with {0:?}, which no store has: set a file's path, without a scheme, or \
         postgres://user@host/database"
    )]
    Scheme(String),
}

impl From<String> for Location {
    fn from(location: String) -> Self {
        Self(location)
    }
}

impl Location {
    /// Returns the address, if it is a database's.
    #[must_use]
    pub fn database(&self) -> Option<&str> {
        let is_database = SCHEMES.iter().any(|scheme| self.0.starts_with(scheme));
        is_database.then_some(&self.0)
    }

    /// Returns the address, if it is a Redis's.
    #[must_use]
    pub fn redis(&self) -> Option<&str> {
        self.0.starts_with(REDIS).then_some(&self.0)
    }

    /// Checks that this can be the location of a store.
    ///
    /// # Errors
    ///
    /// Fails if the location is empty, or an address of another kind.
    pub fn check_store(&self) -> Result<(), Error> {
        if self.is_empty() {
            return Err(Error::Empty);
        }
        let meant = || OTHERS.into_iter().find(|other| self.0.starts_with(other));
        let scheme = self.0.split_once(SCHEME);
        let scheme = scheme.map(|(scheme, _)| format!("{scheme}{SCHEME}"));
        match scheme.or_else(|| meant().map(str::to_owned)) {
            Some(scheme) if self.database().is_none() => Err(Error::Scheme(scheme)),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether the location is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the location as the path of a file.
    #[must_use]
    pub fn file(&self) -> &Path {
        Path::new(&self.0)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Unknown schemes are handled too: a refused location is shown as well.
        let shown = self.0.split_once("://").and_then(|(scheme, rest)| {
            let (rest, parameters) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
            if parameters.contains('@') {
                // The password may contain a `?`, so its end is not known.
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

    #[test]
    fn a_store_is_a_file_or_a_database() {
        let checked = |location: &str| {
            let checked = Location::from(location.to_owned()).check_store();
            checked.map_err(|error| error.to_string())
        };
        for store in [
            "sluice.db",
            "/a b/c.db",
            "c:d.db",
            "postgres://h/d",
            "postgresql://u:p@h",
        ] {
            checked(store).unwrap();
        }
        for other in [
            "mysql://",
            "sqlite://",
            "POSTGRES://",
            "postgres:",
            "sqlite:",
            "file:",
        ] {
            let refused = checked(&format!("{other}user:secret@h/d")).unwrap_err();
            assert!(
                refused.contains(other) && !refused.contains("secret"),
                "{refused}"
            );
        }
        assert!(checked("").is_err());
    }
}
