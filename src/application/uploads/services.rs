//! The services that a pipeline uses.

use std::sync::Arc;

use tokio_util::task::TaskTracker;

use crate::application::events::bus::Bus;
use crate::application::ports::clock::Clock;
use crate::application::ports::uploads::Uploads;
use crate::application::spec_loader::SpecLoader;
use crate::application::uploads::flush_timer::FlushSchedule;
use crate::application::uploads::limits::UploadLimits;

/// The store, the bus, the clock, and the limits of uploads.
#[derive(Clone, Debug)]
pub struct PipelineServices {
    /// The store of batches.
    pub store: Arc<dyn Uploads>,
    /// The bus on which states are published.
    pub bus: Arc<Bus>,
    /// The source of time.
    pub clock: Arc<dyn Clock>,
    /// The tracker that waits for commits in progress when the server stops.
    pub tasks: TaskTracker,
    /// The limits of uploads.
    pub bounds: UploadLimits,
    /// The tokenizers of specs.
    pub specs: SpecLoader,
    /// The schedule of flushes that all uploads of this instance share.
    pub flush_schedule: FlushSchedule,
}
