//! What a stream tells its client: one message ahead at most, and an end even if nobody reads.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;

use crate::application::error::Error;

/// Where a task puts what its client shall be told.
#[derive(Debug)]
pub struct Outbox<T> {
    messages: mpsc::Sender<Box<T>>,
    end: oneshot::Sender<Result<(), Error>>,
    patience: Patience,
}

/// How long an outbox waits for its client.
#[derive(Clone, Debug)]
pub struct Patience {
    /// Cancelled when the server goes down: then nobody is waited for.
    pub drain: CancellationToken,
    /// How long a client may read nothing; none: as long as it is there.
    pub slow_reader_max: Option<Duration>,
}

/// The client's end: the messages in order, then the error if there was one.
#[derive(Debug)]
pub struct Inbox<T> {
    /// Boxed: the channel has room for 32 from the start, and a watcher waits for one.
    messages: mpsc::Receiver<Box<T>>,
    /// Taken once it has told.
    end: Option<oneshot::Receiver<Result<(), Error>>>,
}

/// Why a task must not go on.
#[derive(Debug)]
pub enum Halt {
    /// The client is gone: there is nobody to tell.
    Gone,
    /// The client has to be told.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Both ends. A message is put in while the one before is sent.
#[must_use]
pub fn channel<T>(patience: Patience) -> (Outbox<T>, Inbox<T>) {
    let (messages, received) = mpsc::channel(1);
    let (end, ended) = oneshot::channel();
    let outbox = Outbox {
        messages,
        end,
        patience,
    };
    let inbox = Inbox {
        messages: received,
        end: Some(ended),
    };
    (outbox, inbox)
}

impl<T> Outbox<T> {
    /// Puts a message in, once there is room.
    ///
    /// # Errors
    ///
    /// Fails if the client is gone or reads nothing for too long, or the server goes down.
    pub async fn send(&self, message: T) -> Result<(), Halt> {
        let slow_reader = async {
            match self.patience.slow_reader_max {
                Some(most) => tokio::time::sleep(most).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            room = self.messages.reserve() => match room {
                Ok(room) => {
                    room.send(Box::new(message));
                    Ok(())
                }
                Err(_) => Err(Halt::Gone),
            },
            () = self.patience.drain.cancelled() => Err(Error::Draining.into()),
            () = slow_reader => Err(Error::SlowReader.into()),
        }
    }

    /// Waits until the client is gone.
    pub async fn gone(&self) {
        self.messages.closed().await;
    }

    /// Waits until it makes no sense to go on: the client is gone, or the server goes down.
    pub async fn halted(&self) -> Halt {
        tokio::select! {
            () = self.messages.closed() => Halt::Gone,
            () = self.patience.drain.cancelled() => Error::Draining.into(),
        }
    }

    /// Ends the stream.
    pub fn end(self, result: Result<(), Halt>) {
        let result = match result {
            Ok(()) | Err(Halt::Gone) => Ok(()),
            Err(Halt::Failed(error)) => Err(error),
        };
        // The client hears it, or has gone meanwhile.
        let _gone = self.end.send(result);
    }
}

impl<T> Stream for Inbox<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(message) = ready!(self.messages.poll_recv(context)) {
            return Poll::Ready(Some(Ok(*message)));
        }
        let Some(end) = &mut self.end else {
            return Poll::Ready(None);
        };
        let ended = ready!(Pin::new(end).poll(context));
        self.end = None;
        // A task that panicked has told nothing: that must not look like an end.
        let ended = ended.unwrap_or(Err(Error::Panicked));
        Poll::Ready(ended.err().map(Err))
    }
}
