//! What a pipeline needs from outside.

use std::sync::Arc;

use tokio_util::task::TaskTracker;

use crate::application::events::bus::Bus;
use crate::application::ports::clock::Clock;
use crate::application::ports::uploads::Uploads;
use crate::application::uploads::flush_timer::FlushSchedule;
use crate::application::uploads::limits::Bounds;

/// The store, the bus, the clock, and the limits of uploads.
#[derive(Clone, Debug)]
pub struct Outside {
    /// Where batches go.
    pub store: Arc<dyn Uploads>,
    /// Where news goes.
    pub bus: Arc<Bus>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who waits for commits under way when the server stops.
    pub tasks: TaskTracker,
    /// What an upload may take.
    pub bounds: Bounds,
    /// When uploads are flushed.
    pub flush_schedule: FlushSchedule,
}
