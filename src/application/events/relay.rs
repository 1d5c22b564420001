//! Between the bus of this instance and the others': what is published here goes out, what they tell
//! comes in.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::application::events::bus::{Bus, Link};
use crate::application::events::outbound_queue::Outgoing;
use crate::application::ports::event_bus::{EventBus, Unreachable};

/// How soon a bus that could not be reached is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// How soon one that was lost is: at once, but not in a circle.
const PAUSE: Duration = Duration::from_millis(50);

/// Carries news both ways.
#[derive(Debug)]
pub struct Relay {
    /// The bus of this instance.
    pub bus: Arc<Bus>,
    /// The way to others.
    pub event_bus: Arc<dyn EventBus>,
}

impl Relay {
    /// Goes on until the server goes down.
    pub async fn run(self, drain: CancellationToken) {
        let out = async {
            match &self.bus.outgoing {
                Some(outgoing) => self.tell(outgoing).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = drain.cancelled() => {}
            () = out => {}
            () = self.listen() => {}
        }
    }

    /// Tells, for ever. What cannot be told is not told again: others look for it.
    async fn tell(&self, outgoing: &Outgoing) {
        loop {
            let news = outgoing.take().await;
            let count = u64::try_from(news.len()).unwrap_or(u64::MAX);
            if self.event_bus.publish(&news).await.is_ok() {
                metrics::counter!("sluice_bus_published_total").increment(count);
            } else {
                metrics::counter!("sluice_bus_dropped_total", "why" => "unreachable")
                    .increment(count);
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    /// Listens, for ever, and again whenever the feed is lost.
    async fn listen(&self) {
        let mut is_told = false;
        loop {
            match self.event_bus.listen().await {
                Ok(mut feed) => {
                    self.set_link(Link::Up);
                    tracing::info!("news of other instances is heard");
                    is_told = false;
                    while let Some(news) = feed.next().await {
                        metrics::counter!("sluice_bus_received_total").increment(1);
                        self.bus.hear(news);
                    }
                    self.set_link(Link::Down);
                    tracing::warn!("news of other instances is not heard");
                    tokio::time::sleep(PAUSE).await;
                }
                Err(Unreachable(error)) => {
                    if !is_told {
                        tracing::warn!(%error, "the event bus is unreachable");
                    }
                    is_told = true;
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
