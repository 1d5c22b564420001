//! How many connections there are, in all and from each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::application::network::Network;

/// Connections that are let in even if memory is nearly used up: somebody has to see to it.
const FEW: usize = 64;

/// Counts connections.
#[derive(Clone, Debug)]
pub struct Connections {
    all: Arc<Semaphore>,
    most: usize,
    by_network: Arc<Counts>,
    per_address_max: u32,
}

/// A std mutex: never held across an await. A network without connections is not in it.
type Counts = Mutex<HashMap<Network, u32>>;

/// A connection's place among all: given back when this is dropped.
#[derive(Debug)]
pub struct Place {
    counts: Arc<Counts>,
    network: Network,
    _one_of_all: OwnedSemaphorePermit,
}

impl Connections {
    /// At most so many.
    #[must_use]
    pub fn new(most: usize, per_address_max: u32) -> Self {
        Self {
            all: Arc::new(Semaphore::new(most)),
            most,
            by_network: Arc::default(),
            per_address_max,
        }
    }

    /// Waits until there is room for another; none if there never will be.
    pub(super) async fn room(&self) -> Option<OwnedSemaphorePermit> {
        let room = Arc::clone(&self.all).acquire_owned();
        room.await.ok()
    }

    /// Whether there are more than are needed to look after the server.
    pub(super) fn are_many(&self) -> bool {
        self.most - self.all.available_permits() > FEW
    }

    /// A place in that room, unless its address has as many as it may.
    pub(super) fn enter(&self, room: OwnedSemaphorePermit, address: IpAddr) -> Option<Place> {
        let network = Network::of(address);
        let counts = self.by_network.lock();
        let mut counts = counts.unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(network).or_default();
        if *count >= self.per_address_max {
            return None;
        }
        *count += 1;
        Some(Place {
            counts: Arc::clone(&self.by_network),
            network,
            _one_of_all: room,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Connections;

    #[tokio::test]
    async fn each_address_has_so_many_and_gives_them_back() {
        let connections = Connections::new(10, 2);
        let enter = async |address: &str| {
            let room = connections.room().await.unwrap();
            connections.enter(room, address.parse().unwrap())
        };
        let (one, two) = (enter("10.0.0.1").await, enter("10.0.0.1").await);
        assert!(one.is_some() && two.is_some());
        assert!(enter("10.0.0.1").await.is_none());
        assert!(enter("::ffff:10.0.0.1").await.is_none(), "the same in IPv6");
        assert!(enter("10.0.0.2").await.is_some());
        let hosts = [enter("2001:db8::1").await, enter("2001:db8::2:1").await];
        assert!(hosts.iter().all(Option::is_some));
        assert!(enter("2001:db8::3").await.is_none(), "of one network");
        drop(one);
        assert!(enter("10.0.0.1").await.is_some());
        drop((two, hosts));
        assert!(connections.by_network.lock().unwrap().is_empty());
    }
}
