//! Counts connections, in all and for each address, and keeps the read budget of each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::application::client_network::Network;
use crate::interface::transport::read_budget::ReadBudget;

/// Connections that are accepted even under memory pressure, so that an operator can reach the server.
const FEW: usize = 64;
/// The number of known networks from which unneeded ones are forgotten.
const KNOWN_MIN: usize = 1_024;

/// Counts and limits connections.
#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    all: Arc<Semaphore>,
    most: usize,
    known: Arc<Mutex<Networks>>,
    per_address: PerAddress,
}

/// The limits of an address.
#[derive(Clone, Copy, Debug)]
pub struct PerAddress {
    /// The maximum number of connections.
    pub connections_max: u32,
    /// The maximum number of calls a second.
    pub calls_per_second_max: u32,
}

/// The networks that are connected, or were a moment ago: a client that reconnects gets no new budget. A std mutex:
/// never held across an await.
#[derive(Debug, Default)]
struct Networks {
    by_network: HashMap<Network, NetworkState>,
    /// The number of networks that were still needed when the others were last forgotten.
    needed: usize,
}

/// The state of a network.
#[derive(Debug)]
struct NetworkState {
    connections: u32,
    read_budget: Arc<ReadBudget>,
}

/// The permit of one connection, released when it is dropped.
#[derive(Debug)]
pub struct ConnectionPermit {
    known: Arc<Mutex<Networks>>,
    network: Network,
    read_budget: Arc<ReadBudget>,
    _total: OwnedSemaphorePermit,
}

impl ConnectionLimits {
    /// Allows at most `most` connections in all.
    #[must_use]
    pub fn new(most: usize, per_address: PerAddress) -> Self {
        Self {
            all: Arc::new(Semaphore::new(most)),
            most,
            known: Arc::default(),
            per_address,
        }
    }

    /// Waits until another connection is allowed in all, and returns its permit. `None` means that it never will be.
    pub(crate) async fn acquire(&self) -> Option<OwnedSemaphorePermit> {
        let acquired = Arc::clone(&self.all).acquire_owned();
        acquired.await.ok()
    }

    /// Whether there are more connections than operators need.
    pub(crate) fn are_many(&self) -> bool {
        self.most - self.all.available_permits() > FEW
    }

    /// Returns the permit of a connection, or `None` if the address has its maximum of connections.
    pub(crate) fn enter(
        &self,
        total_permit: OwnedSemaphorePermit,
        address: IpAddr,
    ) -> Option<ConnectionPermit> {
        let network = Network::of(address);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.forget();
        let of = known
            .by_network
            .entry(network)
            .or_insert_with(|| NetworkState {
                connections: 0,
                read_budget: Arc::new(ReadBudget::new(self.per_address.calls_per_second_max)),
            });
        if of.connections >= self.per_address.connections_max {
            return None;
        }
        of.connections += 1;
        Some(ConnectionPermit {
            known: Arc::clone(&self.known),
            network,
            read_budget: Arc::clone(&of.read_budget),
            _total: total_permit,
        })
    }
}

impl Networks {
    /// Forgets networks without connections and with a whole budget, once there are twice as many as were needed.
    fn forget(&mut self) {
        if self.by_network.len() >= KNOWN_MIN.max(2 * self.needed) {
            self.by_network
                .retain(|_, of| of.connections > 0 || !of.read_budget.is_whole());
            self.needed = self.by_network.len();
        }
    }
}

impl ConnectionPermit {
    /// Returns the read budget that all connections of the address share.
    pub(crate) fn read_budget(&self) -> Arc<ReadBudget> {
        Arc::clone(&self.read_budget)
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of) = known.by_network.get_mut(&self.network) {
            of.connections -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ConnectionLimits, KNOWN_MIN, PerAddress};
    use crate::application::client_network::Network;
    use crate::interface::transport::frame_cost::CALL;

    const PER_ADDRESS: PerAddress = PerAddress {
        connections_max: 2,
        // So low that the debt for 100 calls lasts 10 s, longer than a test takes.
        calls_per_second_max: 1,
    };

    #[tokio::test]
    async fn an_address_has_a_maximum_of_connections_and_gives_them_back() {
        let connections = ConnectionLimits::new(10, PER_ADDRESS);
        let enter = async |address: &str| {
            let total_permit = connections.acquire().await.unwrap();
            connections.enter(total_permit, address.parse().unwrap())
        };
        let one = enter("10.0.0.1").await;
        let two = enter("10.0.0.1").await;
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
        let known = connections.known.lock().unwrap();
        let held = known
            .by_network
            .values()
            .map(|of| of.connections)
            .sum::<u32>();
        assert_eq!(held, 0, "all were given back");
    }

    #[tokio::test]
    async fn an_address_is_forgotten_once_it_is_disconnected_and_its_budget_is_whole() {
        let connections = ConnectionLimits::new(10, PER_ADDRESS);
        for number in 0..2 * KNOWN_MIN {
            let address = u32::try_from(number).unwrap().to_be_bytes();
            let total_permit = connections.acquire().await.unwrap();
            let permit = connections.enter(total_permit, address.into()).unwrap();
            if number == 0 {
                let _whole_in_ten_seconds = permit.read_budget().charge(100 * CALL);
            }
        }
        let known = connections.known.lock().unwrap();
        assert!(known.by_network.len() <= KNOWN_MIN + 1);
        let first = std::net::IpAddr::from([0; 4]);
        let first = known.by_network.get(&Network::of(first));
        assert!(first.is_some(), "it has used some of its budget");
    }
}
