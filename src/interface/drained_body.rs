//! A request's body whose rest is read and discarded once its handler needs no more of it.
//!
//! HTTP/2 lets a server answer before the request has ended, and then resets the stream (RFC 9113 §8.1). Such resets
//! count against the connection: after `FAULTS_MAX` of `connection` it is closed. A correct client ends or cancels
//! its side as soon as it has the answer, so the rest is drained for that time.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// The maximum number of bytes to drain: a stream's window, which a client may have sent before it sees the answer.
const BYTES_MAX: usize = 256 * 1024;
/// The time a request may continue after its answer has ended: far more than a round trip.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// A request's body. If it is dropped before its end, a task drains the rest. The task ends with the stream, so there
/// are never more such tasks than streams.
#[derive(Debug)]
pub(super) struct Drained {
    body: Body,
    /// Fails when the answer has ended. `None` once it has been taken along with the body.
    answered: Option<oneshot::Receiver<()>>,
}

/// Represents the answer: dropped after its last byte, or when the client is gone.
#[derive(Debug)]
pub(super) struct ResponseGuard {
    _ended: oneshot::Sender<()>,
}

impl Drained {
    /// Returns the body of a request and the value that represents its answer.
    pub(super) fn new(body: Body) -> (Self, ResponseGuard) {
        let (ended, answered) = oneshot::channel();
        let answered = Some(answered);
        (Self { body, answered }, ResponseGuard { _ended: ended })
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        if self.body.is_end_stream() {
            return;
        }
        // Without a runtime the process is ending, and so are its connections.
        if let (Some(answered), Ok(runtime)) = (self.answered.take(), Handle::try_current()) {
            runtime.spawn(drain(std::mem::take(&mut self.body), answered));
        }
    }
}

/// Reads until the request ends, sends more than `BYTES_MAX`, or continues for `WAIT_MAX` after its answer. If the
/// stream has not ended by then, dropping the body resets it.
async fn drain(mut body: Body, answered: oneshot::Receiver<()>) {
    let rest = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
        {
            bytes += frame.data_ref().map_or(0, Bytes::len);
            if bytes > BYTES_MAX {
                break;
            }
        }
    };
    let late = async {
        // The sender sends nothing, and is only dropped.
        let _ended = answered.await;
        tokio::time::sleep(WAIT_MAX).await;
    };
    tokio::select! {
        () = rest => {}
        () = late => {}
    }
}

impl HttpBody for Drained {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use axum::body::{Body, Bytes};
    use tokio::sync::mpsc;
    use tokio_stream::StreamExt;
    use tokio_stream::wrappers::ReceiverStream;

    use super::{BYTES_MAX, Drained, ResponseGuard, WAIT_MAX};

    /// Returns the sender of an open request, its body, and its answer.
    fn request() -> (mpsc::Sender<Bytes>, Drained, ResponseGuard) {
        let (sender, receiver) = mpsc::channel(1);
        let body = ReceiverStream::new(receiver).map(Ok::<_, std::io::Error>);
        let (body, answer) = Drained::new(Body::from_stream(body));
        (sender, body, answer)
    }

    #[tokio::test]
    async fn the_rest_is_read_up_to_a_window() {
        let (sender, body, _answer) = request();
        drop(body);
        let piece = Bytes::from(vec![0; 64 * 1024]);
        let mut taken = 0;
        while sender.send(piece.clone()).await.is_ok() {
            taken += piece.len();
        }
        // One piece waits in the channel, and one exceeds the limit.
        assert!(
            (BYTES_MAX..=BYTES_MAX + 2 * piece.len()).contains(&taken),
            "{taken}"
        );
    }

    #[tokio::test]
    async fn a_request_may_continue_until_a_second_after_its_answer() {
        let (sender, body, answer) = request();
        drop(body);
        let open = tokio::time::timeout(2 * WAIT_MAX, sender.closed()).await;
        assert!(open.is_err(), "the answer has not ended");
        let begun = Instant::now();
        drop(answer);
        sender.closed().await;
        assert!(begun.elapsed() >= WAIT_MAX);
    }
}
