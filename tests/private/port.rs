//! TCP ports for servers that are stopped and restarted at one address.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::atomic::{AtomicU16, Ordering};

/// Ports below 32,768, from which Linux assigns local ports to outgoing connections (`ip_local_port_range`): such a
/// connection could take the port while its server is down.
const PORTS: Range<u16> = 10_000..20_000;

/// Returns a port of 127.0.0.1 at which no program listens. Each call returns another.
pub(crate) fn free() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let size = PORTS.end - PORTS.start;
    // Programs that run at the same time begin at different ports.
    let first = u16::try_from(std::process::id() * 61 % u32::from(size)).unwrap();
    let ports = (0..size).map(|_| {
        let number = GIVEN.fetch_add(1, Ordering::Relaxed);
        PORTS.start + (first + number) % size
    });
    let mut free = ports.filter(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    free.next().expect("at least one port is free")
}
