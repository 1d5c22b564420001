//! A host and a port as people write them, for a server that is called and for a server that listens.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// The port of a server if none is given.
pub const PORT: u16 = 50_051;

/// The longest name of a host (RFC 1035, 2.3.4).
const NAME_BYTES_MAX: usize = 253;

/// A host, a port, or both.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HostPort {
    /// The host. `None` in `:50051` and `50051`.
    pub host: Option<Host>,
    /// The port. `None` in `localhost`.
    pub port: Option<u16>,
}

/// A host.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Host {
    /// An address.
    Ip(IpAddr),
    /// A name.
    Name(String),
}

/// A text that is no host and port.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// The text is empty.
    #[error("is empty: write HOST:PORT, such as localhost:50051")]
    Empty,
    /// The part before the port is no host.
    #[error(
        "{0:?} is no name of a host and no IP address: write HOST:PORT, such as localhost:50051"
    )]
    Host(String),
    /// The part after the host is no port.
    #[error("{0:?} is no port: write a number up to 65535 after the host, such as localhost:50051")]
    Port(String),
    /// An IPv6 address without brackets: the start of its port is not clear.
    #[error("an IPv6 address with a port is written in brackets, such as [::1]:50051")]
    Brackets,
}

impl FromStr for HostPort {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(Error::Empty);
        }
        // An IPv6 address has colons of its own.
        if let Ok(ip) = text.parse() {
            return Ok(Self {
                host: Some(Host::Ip(ip)),
                port: None,
            });
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self {
                host: None,
                port: Some(port(text)?),
            });
        }
        if let Some(rest) = text.strip_prefix('[') {
            return bracketed(rest);
        }
        let (name, behind) = match text.rsplit_once(':') {
            Some((name, behind)) => (name, Some(behind)),
            None => (text, None),
        };
        if name.contains(':') {
            return Err(Error::Brackets);
        }
        let host = (!name.is_empty()).then(|| Host::parse(name));
        Ok(Self {
            host: host.transpose()?,
            port: behind.map(port).transpose()?,
        })
    }
}

/// Parses an IPv6 address in brackets, and the port after it.
fn bracketed(rest: &str) -> Result<HostPort, Error> {
    let (address, behind) = rest.split_once(']').ok_or(Error::Brackets)?;
    let ip = address.parse::<Ipv6Addr>();
    let ip = ip.map_err(|_no_address| Error::Host(format!("[{address}]")))?;
    let port = match behind.strip_prefix(':') {
        Some(number) => Some(port(number)?),
        None if behind.is_empty() => None,
        None => return Err(Error::Port(behind.to_owned())),
    };
    Ok(HostPort {
        host: Some(Host::Ip(ip.into())),
        port,
    })
}

fn port(text: &str) -> Result<u16, Error> {
    // `parse` accepts a sign as well.
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_number);
    number.ok_or_else(|| Error::Port(text.to_owned()))
}

impl Host {
    fn parse(text: &str) -> Result<Self, Error> {
        if let Ok(ip) = text.parse() {
            return Ok(Self::Ip(ip));
        }
        let is_label = |label: &str| {
            let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            !label.is_empty() && label.bytes().all(is_known)
        };
        // A name may end with the dot of the root.
        let mut labels = text.strip_suffix('.').unwrap_or(text).split('.');
        if text.len() > NAME_BYTES_MAX || !labels.all(is_label) {
            return Err(Error::Host(text.to_owned()));
        }
        Ok(Self::Name(text.to_owned()))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Self::Ip(ip) => write!(f, "{ip}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, HostPort};

    fn read(text: &str) -> Result<(Option<String>, Option<u16>), Error> {
        let read = text.parse::<HostPort>()?;
        Ok((read.host.map(|host| host.to_string()), read.port))
    }

    #[test]
    fn hosts_and_ports_are_read_in_every_form() {
        for (text, host, port) in [
            ("localhost", Some("localhost"), None),
            ("localhost:1", Some("localhost"), Some(1)),
            (
                "my-host.example.:65535",
                Some("my-host.example."),
                Some(65_535),
            ),
            ("127.0.0.1", Some("127.0.0.1"), None),
            ("127.0.0.1:0", Some("127.0.0.1"), Some(0)),
            ("::1", Some("[::1]"), None),
            ("[::1]", Some("[::1]"), None),
            ("[::]:50051", Some("[::]"), Some(50_051)),
            (":50051", None, Some(50_051)),
            ("50051", None, Some(50_051)),
        ] {
            assert_eq!(read(text), Ok((host.map(str::to_owned), port)), "{text}");
        }
    }

    #[test]
    fn an_invalid_text_is_refused_with_its_cause() {
        assert_eq!(read(""), Err(Error::Empty));
        for text in ["::1:50051x", "a:b:1", "[::1", "fe80::1%lo:1"] {
            assert_eq!(read(text), Err(Error::Brackets), "{text}");
        }
        for text in ["*:1", "a b", "-é", "a..b:1", "[1.2.3.4]:1", "[x]", "a/b"] {
            assert!(matches!(read(text), Err(Error::Host(_))), "{text}");
        }
        for text in [
            "a:", "a:+1", "a:65536", "65536", "[::1]1", "[::1]:", ":", "a:x",
        ] {
            assert!(matches!(read(text), Err(Error::Port(_))), "{text}");
        }
    }
}
