//! An upload that a client has attached to: it receives the source, or compares it.

use std::time::Duration;

use crate::application::error::Error;
use crate::application::ports::uploads::Declared;
use crate::application::uploads::pipeline::Pipeline;
use crate::application::uploads::repetition::Repetition;
use crate::application::uploads::write::Write;

/// An upload that takes a client's messages.
#[derive(Debug)]
pub enum Attached {
    /// It stores the source.
    Open(Box<Pipeline>),
    /// It has succeeded: the source that is sent again is compared with the stored one.
    Complete(Box<Repetition>),
}

impl Attached {
    /// Takes what the client declares of the whole source.
    ///
    /// # Errors
    ///
    /// Fails if it contradicts what was declared or stored before, or no source may be so long.
    pub fn declare(&mut self, declared: Declared) -> Result<(), Error> {
        match self {
            Self::Open(pipeline) => pipeline.declare(declared),
            Self::Complete(repetition) => repetition.declare(declared),
        }
    }

    /// Takes a message.
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

    /// Begins to commit what is decided.
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

    /// Commits what is decided.
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

    /// The time that the newest settled commit took. Zero if there was none.
    #[must_use]
    pub fn commit_took(&self) -> Duration {
        match self {
            Self::Open(pipeline) => pipeline.commit_took(),
            Self::Complete(_) => Duration::ZERO,
        }
    }

    /// Gives back the memory that is not needed until the next message comes.
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

    /// Why the upload is no longer this writer's.
    ///
    /// # Errors
    ///
    /// Fails if the store does.
    pub async fn lost(&self) -> Result<Error, Error> {
        match self {
            Self::Open(pipeline) => pipeline.lost().await,
            Self::Complete(_) => Ok(Error::Superseded),
        }
    }
}
