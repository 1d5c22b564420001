//! The address of a server, as written after `--server`.

use std::fmt;
use std::net::Ipv4Addr;

use crate::config::addresses::host_port::{self, Host, HostPort, PORT};

/// The address of a server, and whether the connection is private.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Address {
    pub(super) is_private: bool,
    pub(super) host: Host,
    pub(super) port: u16,
}

/// An invalid server address. It may hold a password, so the message does not repeat it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Wrong {
    #[error(transparent)]
    HostPort(#[from] host_port::Error),
    #[error("{0:?} is not a known scheme: write http:// or https://, or only HOST:PORT")]
    Scheme(String),
    #[error(
        "has {0}, which a server address cannot have: write HOST:PORT after http:// or https://, or alone"
    )]
    Surplus(&'static str),
    #[error("has user info before the @: give the key with --key-file or SLUICE_API_KEY")]
    UserInfo,
    #[error("port 0 is only for listening: write the port that `sluice serve` printed")]
    PortZero,
    #[error(
        "--ca-file is for https, and the address says http: write https://, or leave --ca-file out"
    )]
    PlainWithAuthority,
}

impl Address {
    /// Parses an address. The scheme defaults to http, or to https if a certificate authority is given. The host
    /// defaults to this machine, the port to 50051.
    ///
    /// # Errors
    ///
    /// Fails if the address has unknown or unsupported parts.
    pub(crate) fn parse(text: &str, has_authority: bool) -> Result<Self, Wrong> {
        let (is_private, rest) = match text.split_once("://") {
            None => (has_authority, text),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, _)) => return Err(Wrong::Scheme(scheme.to_owned())),
        };
        if has_authority && !is_private {
            return Err(Wrong::PlainWithAuthority);
        }
        let (place, behind) = match rest.find(['/', '?', '#']) {
            Some(end) => rest.split_at(end),
            None => (rest, ""),
        };
        if place.contains('@') {
            return Err(Wrong::UserInfo);
        }
        let surplus = match behind.trim_start_matches('/') {
            _ if behind.len() <= 1 && !behind.starts_with(['?', '#']) => None,
            query if query.starts_with('?') => Some("a query"),
            fragment if fragment.starts_with('#') => Some("a fragment"),
            _path => Some("a path"),
        };
        if let Some(surplus) = surplus {
            return Err(Wrong::Surplus(surplus));
        }
        let HostPort { host, port } = place.parse()?;
        if port == Some(0) {
            return Err(Wrong::PortZero);
        }
        Ok(Self {
            is_private,
            host: host.unwrap_or_else(|| Host::Ip(Ipv4Addr::LOCALHOST.into())),
            port: port.unwrap_or(PORT),
        })
    }

    /// Returns the host as the resolver accepts it.
    pub(super) fn host(&self) -> String {
        match &self.host {
            Host::Ip(ip) => ip.to_string(),
            Host::Name(name) => name.clone(),
        }
    }
}

impl From<std::net::SocketAddr> for Address {
    fn from(address: std::net::SocketAddr) -> Self {
        Self {
            is_private: false,
            host: Host::Ip(address.ip()),
            port: address.port(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_private { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, Wrong};

    fn read(text: &str) -> Result<String, Wrong> {
        Address::parse(text, false).map(|address| address.to_string())
    }

    #[test]
    fn a_server_is_found_by_every_form_of_its_address() {
        for (text, url) in [
            ("localhost", "http://localhost:50051"),
            ("localhost:1", "http://localhost:1"),
            (":1", "http://127.0.0.1:1"),
            ("1", "http://127.0.0.1:1"),
            ("10.0.0.1", "http://10.0.0.1:50051"),
            ("[::1]:1", "http://[::1]:1"),
            ("::1", "http://[::1]:50051"),
            ("http://localhost", "http://localhost:50051"),
            ("HTTP://localhost:1/", "http://localhost:1"),
            ("https://sluice.example", "https://sluice.example:50051"),
            ("https://[::1]:1/", "https://[::1]:1"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(url), "{text}");
        }
        let private = Address::parse("localhost", true).unwrap();
        assert_eq!(private.to_string(), "https://localhost:50051");
    }

    #[test]
    fn unsupported_parts_are_refused_with_the_remedy() {
        for (text, explain) in [
            ("", "is empty"),
            ("http://", "is empty"),
            ("ftp://a", "write http:// or https://"),
            ("grpc://a:1", "write http:// or https://"),
            ("a:1/b", "has a path"),
            ("http://a:1//", "has a path"),
            ("http://a:1/?b", "has a query"),
            ("a?b", "has a query"),
            ("a#b", "has a fragment"),
            ("http://u:secret@a:1", "--key-file"),
            ("a:0", "port 0"),
            ("a:b", "is no port"),
            ("a b", "is no name of a host"),
            ("::1:x", "[::1]:50051"),
        ] {
            let refused = read(text).unwrap_err().to_string();
            assert!(refused.contains(explain), "{text}: {refused}");
            assert!(!refused.contains("secret"), "{refused}");
        }
        let refused = Address::parse("http://a", true).unwrap_err();
        assert_eq!(refused, Wrong::PlainWithAuthority);
    }
}
