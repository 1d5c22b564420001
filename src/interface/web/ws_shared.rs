//! The state that all WebSockets of an instance share.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::application::audit::recorder::Recorder;
use crate::application::auth::authenticator::Authenticator;
use crate::application::operations::lifecycle::Operations;
use crate::application::operations::watch::OperationWatch;
use crate::application::ports::clock::Clock;
use crate::application::rate_limit::admission::Admission;
use crate::interface::web::encoded_states::Frames;

/// The limits of sockets.
#[derive(Clone, Copy, Debug)]
pub struct SocketLimits {
    /// The maximum number of sockets on this instance.
    pub sockets_max: usize,
    /// The interval of pings to a client.
    pub ping_every: Duration,
    /// The time to wait for the answer to a ping.
    pub pong_max: Duration,
    /// The time a client may read nothing.
    pub slow_reader_max: Duration,
}

/// The state that all sockets share.
#[derive(Debug)]
pub struct SocketContext {
    /// Authenticates callers. `None` means that every caller may do everything.
    pub authenticator: Option<Arc<Authenticator>>,
    /// Watches on operations.
    pub watching: OperationWatch,
    /// A cache of states as text.
    pub frames: Frames,
    /// Cancels operations.
    pub operations: Operations,
    /// Records the actions of callers, and refused callers.
    pub recorder: Recorder,
    /// Limits the number of sockets of each caller.
    pub admission: Admission,
    /// The source of random delays, so that clients reconnect at different times.
    pub clock: Arc<dyn Clock>,
    /// Tracks the tasks of sockets: the server waits for them when it stops.
    pub tasks: TaskTracker,
    /// Cancelled when the server stops.
    pub drain: CancellationToken,
    /// The limits of sockets.
    pub bounds: SocketLimits,
    /// One permit for each socket: `bounds.sockets_max` in all.
    pub sockets: Arc<Semaphore>,
}
