//! The responses of a stream: at most one message waits for the client, and the final status is always delivered.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;

use crate::application::error::Error;

/// The sending end of a stream, which its task holds.
#[derive(Debug)]
pub struct ResponseSender<T> {
    messages: mpsc::Sender<Box<T>>,
    end: oneshot::Sender<Result<(), Error>>,
    send_limits: SendLimits,
}

/// The limits of a sender while it waits for its client.
#[derive(Clone, Debug)]
pub struct SendLimits {
    /// Cancelled when the server shuts down. The sender stops waiting then.
    pub drain: CancellationToken,
    /// The longest time for which a client may read nothing. `None` means that the sender waits for as long as the
    /// client is connected.
    pub slow_reader_max: Option<Duration>,
}

/// The receiving end of a stream: the messages in order, then the error if there was one.
#[derive(Debug)]
pub struct ResponseReceiver<T> {
    /// Boxed, because the channel allocates room for 32 messages at once and usually holds one.
    messages: mpsc::Receiver<Box<T>>,
    /// `None` once the end was received.
    end: Option<oneshot::Receiver<Result<(), Error>>>,
}

/// The reason why a task must stop.
#[derive(Debug)]
pub enum StopReason {
    /// The client has disconnected, so no status can be sent.
    Gone,
    /// The task failed. The error is sent to the client.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for StopReason {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Returns both ends of a stream. The channel holds one message while the transport sends the one before.
#[must_use]
pub fn channel<T>(send_limits: SendLimits) -> (ResponseSender<T>, ResponseReceiver<T>) {
    let (messages, waiting) = mpsc::channel(1);
    let (end, ended) = oneshot::channel();
    let sender = ResponseSender {
        messages,
        end,
        send_limits,
    };
    let receiver = ResponseReceiver {
        messages: waiting,
        end: Some(ended),
    };
    (sender, receiver)
}

impl<T> ResponseSender<T> {
    /// Sends a message, once there is room.
    ///
    /// # Errors
    ///
    /// Fails if the client has disconnected or reads nothing for too long, or the server shuts down.
    pub async fn send(&self, message: T) -> Result<(), StopReason> {
        let slow_reader = async {
            match self.send_limits.slow_reader_max {
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
                Err(_) => Err(StopReason::Gone),
            },
            () = self.send_limits.drain.cancelled() => Err(Error::Draining.into()),
            () = slow_reader => Err(Error::SlowReader.into()),
        }
    }

    /// Waits until the client has disconnected.
    pub async fn gone(&self) {
        self.messages.closed().await;
    }

    /// Waits until the task must stop: the client has disconnected, or the server shuts down.
    pub async fn stopped(&self) -> StopReason {
        tokio::select! {
            () = self.messages.closed() => StopReason::Gone,
            () = self.send_limits.drain.cancelled() => Error::Draining.into(),
        }
    }

    /// Ends the stream with its final status.
    pub fn end(self, result: Result<(), StopReason>) {
        let result = match result {
            Ok(()) | Err(StopReason::Gone) => Ok(()),
            Err(StopReason::Failed(error)) => Err(error),
        };
        // Fails only if the client has disconnected meanwhile.
        let _gone = self.end.send(result);
    }
}

impl<T> Stream for ResponseReceiver<T> {
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
        // A task that panicked has sent no end. Without an error the stream would look complete.
        let ended = ended.unwrap_or(Err(Error::Panicked));
        Poll::Ready(ended.err().map(Err))
    }
}
