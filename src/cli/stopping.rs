//! SIGTERM and SIGINT: requests to stop the program.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for both signals from its creation on. Before that either kills the process, so create it before anything
/// else.
#[derive(Debug)]
pub(super) struct Stopping {
    terminate: Signal,
    interrupt: Signal,
}

/// The signal that was received.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum StopSignal {
    Terminate,
    Interrupt,
}

impl Stopping {
    /// Starts to listen.
    ///
    /// # Errors
    ///
    /// Fails if the system refuses a handler.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for either signal. A signal that arrived earlier is not missed.
    pub(super) async fn wait(&mut self) -> StopSignal {
        tokio::select! {
            _ = self.terminate.recv() => StopSignal::Terminate,
            _ = self.interrupt.recv() => StopSignal::Interrupt,
        }
    }
}

impl StopSignal {
    /// Returns the exit code of a program that the signal ended, as in shells: 128 plus the signal's number.
    pub(super) fn exit_code(self) -> u8 {
        match self {
            Self::Terminate => 143,
            Self::Interrupt => 130,
        }
    }
}
