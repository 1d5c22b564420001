//! Partitions: the spread of chunks, the placement of documents, and moves.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::partitions::health::{Health, HealthWatch};
use crate::application::ports::clock::Clock;
use crate::application::ports::operations::Operation;
use crate::application::ports::partitions::{Location, Move, Moved};
use crate::application::ports::store::Store;
use crate::application::request::Request;
use crate::domain::names::resource::DocumentName;
use crate::domain::partitions::candidates;

/// The use cases of partitions, for admins.
#[derive(Clone, Debug)]
pub struct Partitions {
    /// The store of chunks.
    pub store: Arc<dyn Store>,
    /// The watching of partition health.
    pub watching: HealthWatch,
    /// The source of time and uids.
    pub clock: Arc<dyn Clock>,
    /// Notified when there is work for jobs.
    pub work: Arc<Notify>,
}

/// The partition of a document, and the partitions that its uid allows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Placement {
    /// The current location.
    pub location: Location,
    /// The two partitions that its uid determines.
    pub candidates: [u32; 2],
}

impl Partitions {
    /// Returns the health of all 100 partitions.
    ///
    /// # Errors
    ///
    /// Fails if the store does.
    pub async fn health(&self) -> Result<Health, Error> {
        Ok(Health::read(self.store.as_ref()).await?)
    }

    /// Returns the placement of a document. The candidates are computed from its uid, and its chunks are counted.
    ///
    /// # Errors
    ///
    /// Fails if there is no document of that name.
    pub async fn locate(&self, caller: &Caller, name: &DocumentName) -> Result<Placement, Error> {
        let found = self.store.locate_document(caller, name).await?;
        let location = found.ok_or(Error::NotFound { kind: "document" })?;
        Ok(Placement {
            location,
            candidates: candidates::candidates(&location.uid),
        })
    }

    /// Moves a document to its other candidate. Readers do not notice; a job copies the chunks in small steps.
    ///
    /// # Errors
    ///
    /// Fails if there is no document of that name, or the request id is that of another request. Also fails if
    /// another move of the document runs or has left chunks behind.
    pub async fn move_document(
        &self,
        caller: &Caller,
        name: &DocumentName,
        request: Request,
    ) -> Result<Operation, Error> {
        let asked = Move {
            uid: request.uid.unwrap_or_else(|| self.clock.new_uid().into()),
            request_sha256: request.sha256,
            now: self.clock.now(),
        };
        match self.store.move_document(caller, name, &asked).await? {
            Moved::Operation(operation) => {
                self.work.notify_one();
                Ok(*operation)
            }
            Moved::NotFound => Err(Error::NotFound { kind: "document" }),
            Moved::Pending => Err(Error::MovePending),
            Moved::OtherRequest => Err(Error::RequestIdReused { differs: "fields" }),
        }
    }
}
