//! The frames of a client's stream: a large message is read from them only once there is memory for all of it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http_body::Frame;
use tokio_stream::Stream;

use crate::application::error::Error;
use crate::application::memory::intake::Intake;
use crate::interface::grpc::{message, methods};

/// A flag, and the length of the message (gRPC over HTTP/2, "Length-Prefixed-Message").
const PREFIX_BYTES: usize = 5;

/// Puts an [`Intake`] into a request that streams, and its frames behind it.
pub async fn hold(mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if methods::at(path).is_some_and(|method| method.is_client_stream) {
        let bytes_max = message::bytes_max(path);
        let intake = Arc::new(Intake::default());
        request.extensions_mut().insert(Arc::clone(&intake));
        return next
            .run(request.map(|body| Body::new(Frames::new(body, intake, bytes_max))))
            .await;
    }
    next.run(request).await
}

/// The body of a request, message by message.
struct Frames {
    body: Body,
    intake: Arc<Intake>,
    /// Longer messages are refused where they are decoded, before their memory is taken.
    bytes_max: usize,
    /// What came of the next message's prefix.
    prefix: Vec<u8>,
    /// What is left of the message that has begun.
    left: usize,
    /// Data that waits for memory: it begins with the rest of a large message's prefix.
    waiting: Option<Bytes>,
}

impl Frames {
    fn new(body: Body, intake: Arc<Intake>, bytes_max: usize) -> Self {
        Self {
            body,
            intake,
            bytes_max,
            prefix: Vec::with_capacity(PREFIX_BYTES),
            left: 0,
            waiting: None,
        }
    }

    /// Looks through some data for messages that begin, and has memory taken for each.
    fn poll_look(
        &mut self,
        context: &mut Context<'_>,
        data: &Bytes,
        looked_at: &mut usize,
    ) -> Poll<Result<(), Error>> {
        while *looked_at < data.len() {
            let rest = &data[*looked_at..];
            if self.left > 0 {
                let passed = self.left.min(rest.len());
                self.left -= passed;
                *looked_at += passed;
                continue;
            }
            let missing = PREFIX_BYTES - self.prefix.len();
            let (head, is_whole) = (&rest[..missing.min(rest.len())], missing <= rest.len());
            if !is_whole {
                self.prefix.extend_from_slice(head);
                *looked_at = data.len();
                continue;
            }
            // Looked at again until there is memory: the prefix is kept as it was.
            let bytes = length(self.prefix.iter().chain(head));
            if bytes <= self.bytes_max {
                ready!(self.intake.poll_begin(context, bytes))?;
            }
            *looked_at += missing;
            self.prefix.clear();
            self.left = bytes;
        }
        Poll::Ready(Ok(()))
    }
}

/// The length that a whole prefix says.
fn length<'a>(prefix: impl Iterator<Item = &'a u8>) -> usize {
    prefix
        .skip(1)
        .fold(0, |length, byte| length << 8 | usize::from(*byte))
}

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let this = &mut *self;
        let mut data = match this.waiting.take() {
            Some(data) => data,
            None => match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => return Poll::Ready(None),
            },
        };
        let mut looked_at = 0;
        match this.poll_look(context, &data, &mut looked_at) {
            Poll::Ready(Ok(())) => Poll::Ready(Some(Ok(Frame::data(data)))),
            Poll::Ready(Err(error)) => Poll::Ready(Some(Err(error.into()))),
            Poll::Pending => {
                // The message before may have its end here, and has to have it: it holds memory.
                let before = data.split_to(looked_at);
                this.waiting = Some(data);
                if before.is_empty() {
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(Frame::data(before))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.waiting.is_none() && self.body.is_end_stream()
    }
}

/// The messages of a stream. Each is done with when the next is asked for.
#[derive(Debug)]
pub struct Messages<S> {
    messages: S,
    intake: Arc<Intake>,
}

impl<S> Messages<S> {
    /// Those of a request, whose frames wait behind `intake`.
    pub fn new(messages: S, intake: Arc<Intake>) -> Self {
        Self { messages, intake }
    }
}

impl<S, T> Stream for Messages<S>
where
    S: Stream<Item = Result<T, Error>> + Unpin,
{
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.intake.done();
        let next = ready!(Pin::new(&mut self.messages).poll_next(context));
        if self.intake.is_exhausted() {
            return Poll::Ready(Some(Err(Error::NoMemory)));
        }
        self.intake.take();
        Poll::Ready(next)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};

    use axum::body::{Body, Bytes};

    use super::Frames;
    use crate::application::memory::intake::Intake;

    fn message(bytes: usize) -> Vec<u8> {
        let length = u32::try_from(bytes).unwrap().to_be_bytes();
        let mut message = vec![0];
        message.extend(length);
        message.extend(vec![7; bytes]);
        message
    }

    /// However a stream is cut, the same message has to wait.
    #[test]
    fn a_large_message_waits_wherever_its_frames_end() {
        let bytes = [message(3), message(0), message(40_000), message(1)].concat();
        let large_at = 5 + 3 + 5 + 5;
        for cut in [1, 2, 3, 4, 5, 7, 11, 100, 50_000] {
            let mut frames = Frames::new(Body::empty(), Arc::new(Intake::default()), 64 * 1024);
            let mut context = Context::from_waker(Waker::noop());
            let mut passed = 0;
            for piece in bytes.chunks(cut) {
                let piece = Bytes::copy_from_slice(piece);
                let looked = frames.poll_look(&mut context, &piece, &mut 0);
                if !matches!(looked, Poll::Ready(Ok(()))) {
                    break;
                }
                passed += piece.len();
            }
            assert!(
                passed < large_at && passed + cut >= large_at,
                "{cut}: {passed}"
            );
        }
    }

    #[test]
    fn a_message_that_is_too_long_is_left_to_the_decoder() {
        let mut frames = Frames::new(Body::empty(), Arc::new(Intake::default()), 64 * 1024);
        let mut context = Context::from_waker(Waker::noop());
        let data = Bytes::from(message(70_000));
        let looked = frames.poll_look(&mut context, &data, &mut 0);
        assert!(matches!(looked, Poll::Ready(Ok(()))));
    }
}
