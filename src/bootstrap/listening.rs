//! Opens the ports of an instance.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at {address}: {}", remedy(.cause))]
struct Unbound {
    address: SocketAddr,
    cause: io::Error,
}

/// Opens a port at each address. Of several addresses, those that this machine does not have are skipped: a system
/// without IPv6 may still have a name for `::1`. If the system chooses the port of the first, the others get the same
/// port.
///
/// # Errors
///
/// Fails if no address can be opened, or if one is in use or not allowed.
pub(super) async fn listen(addresses: &[SocketAddr]) -> anyhow::Result<Vec<TcpListener>> {
    let mut listeners = Vec::<TcpListener>::new();
    let mut absent = None;
    for address in addresses {
        let mut address = *address;
        if let (0, Some(first)) = (address.port(), listeners.first()) {
            address.set_port(first.local_addr()?.port());
        }
        match TcpListener::bind(address).await {
            Ok(listener) => listeners.push(listener),
            Err(cause) => {
                let is_absent = is_absent(&cause);
                let unbound = Unbound { address, cause };
                if !is_absent {
                    return Err(unbound.into());
                }
                absent = Some(unbound);
            }
        }
    }
    match absent {
        Some(absent) if listeners.is_empty() => Err(absent.into()),
        _ => Ok(listeners),
    }
}

/// Whether this machine does not have the address, or its family.
fn is_absent(error: &io::Error) -> bool {
    let is_no_kind =
        rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::AFNOSUPPORT);
    error.kind() == ErrorKind::AddrNotAvailable || is_no_kind
}

/// Returns the cause and the remedy.
fn remedy(error: &io::Error) -> String {
    let elsewhere = "choose another one, with --listen HOST:PORT or the setting `listen`";
    if is_absent(error) {
        return format!("this machine does not have that address: {elsewhere}");
    }
    if error.kind() == ErrorKind::AddrInUse {
        format!(
            "another program listens there, maybe another `sluice serve`: stop it, or {elsewhere}"
        )
    } else if error.kind() == ErrorKind::PermissionDenied {
        format!("the system does not allow this port to this user: {elsewhere}, from port 1024")
    } else {
        format!("{error}: {elsewhere}")
    }
}
