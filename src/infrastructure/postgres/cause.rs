//! Finds out why a database connection fails, and names a remedy. No text contains a password.

use std::io::ErrorKind;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::error::DatabaseError;
use sqlx::postgres::PgConnectOptions;

use crate::application::store_error::Error;
use crate::infrastructure::postgres::error::failed;

/// The longest time one more attempt to connect may take.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// `invalid_catalog_name`.
const NO_DATABASE: &str = "3D000";
/// `invalid_password`, and `invalid_authorization_specification`: the role does not exist, or may not connect from
/// this host.
const PASSWORD: &str = "28P01";
const NOT_LET_IN: &str = "28000";
/// `insufficient_privilege`.
const DENIED: &str = "42501";

/// The reason why a connection to the database fails.
#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error(
        "connection refused: nothing listens at {0}: start PostgreSQL there, or correct store.location"
    )]
    Refused(String),
    #[error("the host {0:?} is not known: correct it in store.location, or the name service")]
    UnknownHost(String),
    #[error("{0} does not answer: check the network, or correct store.location")]
    Silent(String),
    #[error("there is no database {0:?}: create it (createdb {0}), or correct store.location")]
    NoDatabase(String),
    #[error("the password of {0:?} is wrong or missing: correct it in store.location")]
    Password(String),
    #[error("{user:?} may not log in: {said}")]
    NotLetIn { user: String, said: String },
    #[error("{user:?} lacks a privilege: {said}: grant it, or use another role in store.location")]
    Denied { user: String, said: String },
}

/// Returns the error of a failed connection with these options.
pub(super) async fn of(options: &PgConnectOptions, error: sqlx::Error) -> Error {
    let error = if matches!(error, sqlx::Error::PoolTimedOut) {
        // The pool has retried without reporting why.
        let tried = tokio::time::timeout(ANSWER_MAX, options.connect()).await;
        tried.ok().and_then(Result::err).unwrap_or(error)
    } else {
        error
    };
    match cause(options, &error) {
        Some(cause) => Error::Unavailable(Box::new(cause)),
        None => failed(error),
    }
}

fn cause(options: &PgConnectOptions, error: &sqlx::Error) -> Option<Cause> {
    let host = options.get_host().to_owned();
    let at = options.get_socket().map_or_else(
        || format!("{host}:{}", options.get_port()),
        |socket| socket.display().to_string(),
    );
    let user = options.get_username().to_owned();
    if let sqlx::Error::Database(said) = error {
        return explain(options, user, said.as_ref());
    }
    if matches!(error, sqlx::Error::PoolTimedOut) {
        return Some(Cause::Silent(at));
    }
    let sqlx::Error::Io(error) = error else {
        return None;
    };
    let kind = error.kind();
    if matches!(kind, ErrorKind::ConnectionRefused | ErrorKind::NotFound) {
        return Some(Cause::Refused(at));
    }
    let is_silent = matches!(
        kind,
        ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable
    );
    if is_silent {
        return Some(Cause::Silent(at));
    }
    // Errors of the operating system have a number; errors of name resolution do not.
    let is_unknown = error.raw_os_error().is_none() && options.get_socket().is_none();
    is_unknown.then_some(Cause::UnknownHost(host))
}

/// Returns the cause in an error of the database server itself.
fn explain(options: &PgConnectOptions, user: String, error: &dyn DatabaseError) -> Option<Cause> {
    let said = error.message().to_owned();
    match error.code()?.as_ref() {
        NO_DATABASE => {
            let name = options.get_database().unwrap_or(&user);
            Some(Cause::NoDatabase(name.to_owned()))
        }
        PASSWORD => Some(Cause::Password(user)),
        NOT_LET_IN => Some(Cause::NotLetIn { user, said }),
        DENIED => Some(Cause::Denied { user, said }),
        _ => None,
    }
}
