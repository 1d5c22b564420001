//! Where a server is, as it is written after `--server`.

use std::fmt;
use std::net::Ipv4Addr;

use crate::config::host_port::{self, Host, HostPort, PORT};

/// Where a server is, and whether the connection is private.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Address {
    pub(super) is_private: bool,
    pub(super) host: Host,
    pub(super) port: u16,
}

/// The text is no address of a server. It may hold a password, so it is not repeated.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Wrong {
    #[error(transparent)]
    HostPort(#[from] host_port::Error),
    #[error("{0:?} is no scheme that is known: write http:// or https://, or HOST:PORT alone")]
    Scheme(String),
    #[error(
        "has {0}, which no server of Sluice has: write HOST:PORT, http:// or https:// before it"
    )]
    Surplus(&'static str),
    #[error("has user info before the @: give the key by --key-file or SLUICE_API_KEY")]
    UserInfo,
    #[error("port 0 is for servers that listen: write the port that `sluice serve` has printed")]
    PortZero,
    #[error(
        "--ca-file is for https, and the address says http: write https://, or leave --ca-file out"
    )]
    PlainWithAuthority,
}

impl Address {
    /// Reads it. Without a scheme it is http, or https if the authority of a certificate is given; without
    /// a host this machine, without a port 50051.
    ///
    /// # Errors
    ///
    /// Fails if it has parts that are unknown or of no use.
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

    /// The host, as the resolver takes it.
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
    fn parts_that_no_server_has_are_refused_with_the_remedy() {
        for (text, said) in [
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
            assert!(refused.contains(said), "{text}: {refused}");
            assert!(!refused.contains("secret"), "{refused}");
        }
        let refused = Address::parse("http://a", true).unwrap_err();
        assert_eq!(refused, Wrong::PlainWithAuthority);
    }
}
