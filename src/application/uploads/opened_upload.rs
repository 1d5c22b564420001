//! An upload that a client has attached to. It receives the source, or compares it with the stored one.

use std::time::Duration;

use crate::application::error::Error;
use crate::application::ports::uploads::Declared;
use crate::application::uploads::pipeline::Pipeline;
use crate::application::uploads::replay::repetition::Repetition;
use crate::application::uploads::write::Write;

/// An upload that receives a client's messages.
#[derive(Debug)]
pub enum OpenedUpload {
    /// The upload is running: the source is stored.
    Open(Box<Pipeline>),
    /// The upload has succeeded: the repeated source is compared with the stored one.
    Complete(Box<Repetition>),
}

impl OpenedUpload {
    /// Adds the client's declarations about the whole source.
    ///
    /// # Errors
    ///
    /// Fails if they contradict earlier declarations or the stored source, or exceed the longest allowed source.
    pub fn declare(&mut self, declared: Declared) -> Result<(), Error> {
        match self {
            Self::Open(pipeline) => pipeline.declare(declared),
            Self::Complete(repetition) => repetition.declare(declared),
        }
    }

    /// Receives a message.
    ///
    /// # Errors
    ///
    /// As for [`Pipeline::write`] and [`Repetition::write`].
    pub async fn write(&mut self, write: Write) -> Result<(), Error> {
        match self {
            Self::Open(pipeline) => pipeline.write(write).await,
            Self::Complete(repetition) => repetition.write(&write),
        }
    }

    /// Starts to commit the decided chunks.
    ///
    /// # Errors
    ///
    /// As for [`Pipeline::hand_over`].
    pub async fn hand_over(&mut self) -> Result<(), Error> {
        match self {
            Self::Open(pipeline) => pipeline.hand_over().await,
            Self::Complete(_) => Ok(()),
        }
    }

    /// Commits the decided chunks.
    ///
    /// # Errors
    ///
    /// As for [`Pipeline::flush`].
    pub async fn flush(&mut self) -> Result<(), Error> {
        match self {
            Self::Open(pipeline) => pipeline.flush().await,
            Self::Complete(_) => Ok(()),
        }
    }

    /// Returns the duration of the newest commit that was settled since the last call. Zero if there was none.
    pub fn take_commit_took(&mut self) -> Duration {
        match self {
            Self::Open(pipeline) => pipeline.take_commit_took(),
            Self::Complete(_) => Duration::ZERO,
        }
    }

    /// Releases the memory that is not needed until the next message.
    pub fn rest(&mut self) {
        match self {
            Self::Open(pipeline) => pipeline.rest(),
            Self::Complete(_) => {}
        }
    }

    /// Ends the source.
    ///
    /// # Errors
    ///
    /// As for [`Pipeline::finish`].
    pub async fn finish(self) -> Result<(), Error> {
        match self {
            Self::Open(pipeline) => pipeline.finish().await,
            Self::Complete(_) => Ok(()),
        }
    }

    /// Returns the reason why this writer has lost the upload.
    ///
    /// # Errors
    ///
    /// Fails if the store does.
    pub async fn reason_of_loss(&self) -> Result<Error, Error> {
        match self {
            Self::Open(pipeline) => pipeline.reason_of_loss().await,
            Self::Complete(_) => Ok(Error::Superseded),
        }
    }
}
