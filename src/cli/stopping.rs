//! SIGTERM and SIGINT: how a server is told to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for both from its making on. Until then either kills the process, so it is made before anything else.
#[derive(Debug)]
pub(super) struct Stopping {
    terminate: Signal,
    interrupt: Signal,
}

impl Stopping {
    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// Fails if the system takes no handler.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for either signal. One that came meanwhile is not missed.
    pub(super) async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
