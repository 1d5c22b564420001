//! The address that an instance listens on, and the rule of which addresses it may listen on.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::config::addresses::host_port::{Error, Host, HostPort, PORT};

/// The maximum number of addresses of a name to listen on.
const ADDRESSES_MAX: usize = 16;

/// A host of this machine and a port. A part that is left out comes from `127.0.0.1:50051`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Listen {
    host: Host,
    port: u16,
}

impl Listen {
    /// Returns the name of the host. `None` if it is an address.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.host {
            Host::Ip(_) => None,
            Host::Name(name) => Some(name),
        }
    }

    /// Looks up a name, and returns the addresses, IPv4 before IPv6; at least one.
    ///
    /// # Errors
    ///
    /// Fails if the name has no address.
    pub fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        let name = match &self.host {
            Host::Ip(ip) => return Ok(vec![(*ip, self.port).into()]),
            Host::Name(name) => name.as_str(),
        };
        let mut addresses = Vec::new();
        for address in (name, self.port).to_socket_addrs()? {
            if !addresses.contains(&address) && addresses.len() < ADDRESSES_MAX {
                addresses.push(address);
            }
        }
        addresses.sort_by_key(SocketAddr::is_ipv6);
        if addresses.is_empty() {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        Ok(addresses)
    }
}

/// The protection of an instance against callers from other machines.
#[derive(Clone, Copy, Debug)]
pub struct Protection {
    /// Whether callers have to authenticate.
    pub is_authenticated: bool,
    /// Whether connections are encrypted, by this instance or by a proxy in front of it.
    pub is_encrypted: bool,
    /// Whether the operator wants neither (`insecure_no_auth`).
    pub is_waived: bool,
}

/// The reason not to listen on an address that other machines can reach.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exposure {
    /// Callers are not authenticated.
    Unauthenticated,
    /// Connections are not encrypted.
    Unencrypted,
}

/// Checks that the server may listen on an address, given the machines that can reach it.
///
/// # Errors
///
/// Fails if other machines can reach it, and callers are not authenticated or connections are not encrypted.
pub fn check_reach(address: SocketAddr, protection: Protection) -> Result<(), Exposure> {
    if address.ip().is_loopback() || protection.is_waived {
        return Ok(());
    }
    if !protection.is_authenticated {
        return Err(Exposure::Unauthenticated);
    }
    if !protection.is_encrypted {
        return Err(Exposure::Unencrypted);
    }
    Ok(())
}

impl Default for Listen {
    fn default() -> Self {
        (Ipv4Addr::LOCALHOST, PORT).into()
    }
}

impl<Ip: Into<IpAddr>> From<(Ip, u16)> for Listen {
    fn from((ip, port): (Ip, u16)) -> Self {
        Self {
            host: Host::Ip(ip.into()),
            port,
        }
    }
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        (address.ip(), address.port()).into()
    }
}

/// An invalid address to listen on.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Wrong {
    /// The text is no host and port.
    #[error(transparent)]
    HostPort(#[from] Error),
    /// The text is a URL.
    #[error(
        "{0:?} is a URL: write HOST:PORT without a scheme; tls.certificate_file decides whether \
         connections are private"
    )]
    Url(String),
}

impl FromStr for Listen {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        if text.contains("://") {
            return Err(Wrong::Url(text.to_owned()));
        }
        let HostPort { host, port } = text.parse()?;
        let default = Self::default();
        Ok(Self {
            host: host.unwrap_or(default.host),
            port: port.unwrap_or(default.port),
        })
    }
}

impl TryFrom<String> for Listen {
    type Error = Wrong;

    fn try_from(text: String) -> Result<Self, Wrong> {
        text.parse()
    }
}

impl From<Listen> for String {
    fn from(listen: Listen) -> Self {
        listen.to_string()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}
