//! What all WebSockets of an instance share.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::application::audit::recorder::Recorder;
use crate::application::auth::authenticator::Identity;
use crate::application::operations::lifecycle::Operations;
use crate::application::operations::watch::Watching;
use crate::application::ports::clock::Clock;
use crate::application::rate_limit::admission::Admission;
use crate::interface::web::encoded_states::Frames;

/// How sockets are treated.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many there may be on this instance.
    pub sockets_max: usize,
    /// How often a client is asked whether it is there.
    pub ping_every: Duration,
    /// How long its answer is waited for.
    pub pong_max: Duration,
    /// How long it may read nothing.
    pub slow_reader_max: Duration,
}

/// What sockets share.
#[derive(Debug)]
pub struct Gateway {
    /// Knows callers; none: everybody may do everything.
    pub identity: Option<Arc<Identity>>,
    /// Watching.
    pub watching: Watching,
    /// What watchers are told, as text.
    pub frames: Frames,
    /// Cancelling.
    pub operations: Operations,
    /// Records what they do, and who was not let in.
    pub recorder: Recorder,
    /// Who may have how many sockets.
    pub admission: Admission,
    /// Makes clients come back at different times.
    pub clock: Arc<dyn Clock>,
    /// Who waits for sockets when the server stops.
    pub tasks: TaskTracker,
    /// Cancelled when it does.
    pub drain: CancellationToken,
    /// How they are treated.
    pub bounds: Bounds,
    /// One permit a socket: `bounds.sockets_max`.
    pub sockets: Arc<Semaphore>,
}
