//! SIGTERM and SIGINT: how a program is told to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for both from its making on. Until then either kills the process, so it is made before anything else.
#[derive(Debug)]
pub(super) struct Stopping {
    terminate: Signal,
    interrupt: Signal,
}

/// Which of them came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Told {
    Terminate,
    Interrupt,
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
    pub(super) async fn told(&mut self) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::Terminate,
            _ = self.interrupt.recv() => Told::Interrupt,
        }
    }
}

impl Told {
    /// The exit code of a program that the signal ended, as shells have it: 128 and the signal's number.
    pub(super) fn exit_code(self) -> u8 {
        match self {
            Self::Terminate => 143,
            Self::Interrupt => 130,
        }
    }
}
