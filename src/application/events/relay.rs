//! The relay between the bus of this instance and the buses of the others. It sends updates that are published here,
//! and receives theirs.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::application::events::bus::Bus;
use crate::application::events::link::Link;
use crate::application::events::outbound_queue::OutboundQueue;
use crate::application::ports::event_bus::{EventBus, Unreachable};

/// The wait before the next attempt to reach a bus that was unreachable.
const RETRY: Duration = Duration::from_millis(500);

/// The wait before a lost feed is opened again: short, but long enough to prevent a busy loop.
const PAUSE: Duration = Duration::from_millis(50);

/// Carries updates both ways.
#[derive(Debug)]
pub struct Relay {
    /// The bus of this instance.
    pub bus: Arc<Bus>,
    /// The connection to the other instances.
    pub event_bus: Arc<dyn EventBus>,
}

impl Relay {
    /// Runs until the server shuts down.
    pub async fn run(self, drain: CancellationToken) {
        let out = async {
            match &self.bus.outbound {
                Some(outbound) => self.send_queued(outbound).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = drain.cancelled() => {}
            () = out => {}
            () = self.listen() => {}
        }
    }

    /// Sends updates, forever. An update that cannot be sent is dropped: other instances find the state in the store.
    async fn send_queued(&self, outbound: &OutboundQueue) {
        loop {
            let updates = outbound.take().await;
            let count = u64::try_from(updates.len()).unwrap_or(u64::MAX);
            if self.event_bus.publish(&updates).await.is_ok() {
                metrics::counter!("sluice_bus_published_total").increment(count);
            } else {
                metrics::counter!("sluice_bus_dropped_total", "why" => "unreachable")
                    .increment(count);
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    /// Receives updates, forever, and opens the feed again whenever it is lost.
    async fn listen(&self) {
        let mut is_reported = false;
        loop {
            match self.event_bus.listen().await {
                Ok(mut feed) => {
                    self.set_link(Link::Up);
                    tracing::info!("connected to the event bus");
                    is_reported = false;
                    while let Some(update) = feed.next().await {
                        metrics::counter!("sluice_bus_received_total").increment(1);
                        self.bus.receive(update);
                    }
                    self.set_link(Link::Down);
                    tracing::warn!("event bus connection lost");
                    tokio::time::sleep(PAUSE).await;
                }
                Err(Unreachable(error)) => {
                    if !is_reported {
                        tracing::warn!(%error, "the event bus is unreachable");
                    }
                    is_reported = true;
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    fn set_link(&self, link: Link) {
        let is_up = if link == Link::Up { 1.0 } else { 0.0 };
        metrics::gauge!("sluice_bus_connected").set(is_up);
        self.bus.set_link(link);
    }
}
