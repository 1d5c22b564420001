//! Gathers the frames of a client's stream into messages.
//!
//! tonic's own buffer keeps the size of the largest message as long as the stream lasts: 256 KiB and more for each
//! upload, however slow. So `Frames` gathers each message in a buffer of its own, and passes tonic an empty message
//! in its place. [`Messages`] then replaces the empty message by the real one. A compressed message is decompressed
//! here, once it is whole.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use bytes::{Buf, BytesMut};
use http_body::Frame;
use tokio_stream::Stream;
use tonic::Status;

use crate::interface::grpc::compression::Encoding;
use crate::interface::grpc::message_limits;
use crate::interface::grpc::methods;

/// A flag, and the length of the message (gRPC over HTTP/2, "Length-Prefixed-Message").
const PREFIX_BYTES: usize = 5;
/// The prefix of an empty message.
const EMPTY: [u8; PREFIX_BYTES] = [0; PREFIX_BYTES];

/// Adds an [`Intake`] to a request with a stream of messages, and passes its body through `Frames`.
pub async fn hold(mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if methods::at(path).is_some_and(|method| method.is_client_stream) {
        let bytes_max = message_limits::bytes_max(path);
        let intake = Intake::default();
        request.extensions_mut().insert(intake.clone());
        let encoding = Encoding::of(request.headers());
        let framed =
            request.map(|body| Body::new(Frames::new(body, intake, (bytes_max, encoding))));
        return next.run(framed).await;
    }
    next.run(request).await
}

/// The messages that are whole, in order.
#[derive(Clone, Debug, Default)]
pub struct Intake {
    // A std mutex: never held across an await.
    whole: Arc<Mutex<VecDeque<Result<Bytes, Status>>>>,
}

impl Intake {
    fn put(&self, message: Result<Bytes, Status>) {
        self.lock().push_back(message);
    }

    fn take(&self) -> Option<Result<Bytes, Status>> {
        self.lock().pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Result<Bytes, Status>>> {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body of a request, split into messages.
struct Frames {
    body: Body,
    intake: Intake,
    /// The decoder refuses longer messages before their memory is allocated.
    bytes_max: usize,
    /// The encoding of messages with the flag for compression.
    encoding: Option<Encoding>,
    /// The bytes that have arrived and are not parsed yet.
    data: Bytes,
    stage: Stage,
}

/// The position of the next byte in the stream of messages.
enum Stage {
    /// In a prefix: the bytes of it that have arrived.
    Prefix(Vec<u8>),
    /// In a message: its bytes up to here, its length, and its encoding.
    Message(BytesMut, usize, Option<Encoding>),
    /// In bytes that are left to the decoder: a message that is too long, or has an unknown flag.
    Passed,
}

impl Frames {
    fn new(body: Body, intake: Intake, (bytes_max, encoding): (usize, Option<Encoding>)) -> Self {
        Self {
            body,
            intake,
            bytes_max,
            encoding,
            data: Bytes::new(),
            stage: Stage::Prefix(Vec::with_capacity(PREFIX_BYTES)),
        }
    }

    /// Gathers a message from the data that is there, and returns the bytes for the decoder. `None` if the data ends
    /// before a message is whole.
    fn gather(&mut self) -> Option<Bytes> {
        loop {
            match &mut self.stage {
                Stage::Passed if self.data.is_empty() => return None,
                Stage::Passed => return Some(std::mem::take(&mut self.data)),
                Stage::Prefix(prefix) => {
                    let missing = PREFIX_BYTES - prefix.len();
                    let there = missing.min(self.data.len());
                    prefix.extend_from_slice(&self.data.split_to(there));
                    if there < missing {
                        return None;
                    }
                    let bytes = length(prefix);
                    let encoding = self.encoding.filter(|_| prefix[0] == 1);
                    let is_known = prefix[0] == 0 || encoding.is_some();
                    if !is_known || bytes > self.bytes_max {
                        let prefix = std::mem::take(prefix);
                        self.stage = Stage::Passed;
                        return Some(prefix.into());
                    }
                    self.stage = Stage::Message(BytesMut::with_capacity(bytes), bytes, encoding);
                }
                Stage::Message(message, bytes, encoding) => {
                    let there = (*bytes - message.len()).min(self.data.len());
                    message.extend_from_slice(&self.data[..there]);
                    self.data.advance(there);
                    if message.len() < *bytes {
                        return None;
                    }
                    let message = std::mem::take(message).freeze();
                    // One at a time: the next message is not parsed before this one is taken.
                    self.intake.put(match encoding {
                        Some(encoding) => encoding.decompress(&message, self.bytes_max),
                        None => Ok(message),
                    });
                    self.stage = Stage::Prefix(Vec::with_capacity(PREFIX_BYTES));
                    return Some(Bytes::from_static(&EMPTY));
                }
            }
        }
    }

    /// Returns the bytes for the decoder at the end of the stream: a truncated message if the stream ends within one.
    fn rest(&mut self) -> Option<Bytes> {
        let is_whole = match &self.stage {
            Stage::Prefix(prefix) => prefix.is_empty(),
            Stage::Passed => true,
            Stage::Message(..) => false,
        };
        self.stage = Stage::Passed;
        (!is_whole).then(|| Bytes::from_static(&EMPTY[1..]))
    }
}

/// Returns the length in a whole prefix.
fn length(prefix: &[u8]) -> usize {
    let length = prefix[1..].iter();
    length.fold(0, |length, byte| length << 8 | usize::from(*byte))
}

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        loop {
            if let Some(data) = self.gather() {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)) else {
                let rest = self.rest();
                return Poll::Ready(rest.map(|rest| Ok(Frame::data(rest))));
            };
            match frame?.into_data() {
                Ok(data) => self.data = data,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
    }
}

/// The messages of a stream.
#[derive(Debug)]
pub struct Messages<S> {
    stream: S,
    intake: Intake,
}

impl<S> Messages<S> {
    /// Replaces the messages of a request whose body passes through `intake`.
    pub fn new(stream: S, intake: Intake) -> Self {
        Self { stream, intake }
    }
}

impl<S, T> Stream for Messages<S>
where
    S: Stream<Item = Result<T, Status>> + Unpin,
    T: prost::Message + Default,
{
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let decoded = ready!(Pin::new(&mut self.stream).poll_next(context));
        Poll::Ready(decoded.map(|decoded| {
            let decoded = decoded?;
            match self.intake.take() {
                // The same error as tonic's.
                Some(message) => {
                    T::decode(message?).map_err(|fault| Status::internal(fault.to_string()))
                }
                None => Ok(decoded),
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes};

    use super::{EMPTY, Encoding, Frames, Intake};

    fn message(bytes: usize) -> Vec<u8> {
        let length = u32::try_from(bytes).unwrap().to_be_bytes();
        let mut message = vec![0];
        message.extend(length);
        message.extend(vec![7; bytes]);
        message
    }

    /// Returns the bytes for the decoder after a piece.
    fn gathered(frames: &mut Frames, piece: &[u8]) -> Vec<u8> {
        frames.data = Bytes::copy_from_slice(piece);
        let data = std::iter::from_fn(|| frames.gather()).collect::<Vec<_>>();
        data.concat()
    }

    #[test]
    fn messages_are_gathered_across_any_frame_boundaries() {
        let bytes = [message(3), message(0), message(40_000), message(1)].concat();
        for cut in [1, 2, 3, 4, 5, 7, 11, 100, 50_000] {
            let intake = Intake::default();
            let mut frames = Frames::new(Body::empty(), intake.clone(), (64 * 1024, None));
            let pieces = bytes.chunks(cut);
            let got = pieces.map(|piece| gathered(&mut frames, piece));
            assert_eq!(got.collect::<Vec<_>>().concat(), EMPTY.repeat(4), "{cut}");
            let lengths =
                std::iter::from_fn(|| intake.take()).map(|message| message.unwrap().len());
            assert_eq!(lengths.collect::<Vec<_>>(), [3, 0, 40_000, 1], "{cut}");
        }
    }

    #[test]
    fn a_message_too_long_or_of_an_unknown_encoding_is_left_to_the_decoder() {
        let mut compressed = message(3);
        compressed[0] = 1;
        for bytes in [message(70_000), compressed] {
            let mut frames = Frames::new(Body::empty(), Intake::default(), (64 * 1024, None));
            assert_eq!(gathered(&mut frames, &bytes), bytes);
        }
    }

    #[test]
    fn a_stream_that_ends_within_a_message_is_not_whole() {
        for (bytes, is_whole) in [(0, true), (3, false), (7, false), (8, true)] {
            let mut frames = Frames::new(Body::empty(), Intake::default(), (64 * 1024, None));
            gathered(&mut frames, &message(3)[..bytes]);
            assert_eq!(frames.rest().is_none(), is_whole, "{bytes}");
        }
    }

    #[test]
    fn a_compressed_message_is_whole_when_it_is_decompressed() {
        let compressed = zstd::bulk::compress(&vec![7; 40_000], 3).unwrap();
        let length = u32::try_from(compressed.len()).unwrap().to_be_bytes();
        let one = [&[1][..], &length, &compressed].concat();
        let bytes = [message(3), one.clone(), one].concat();
        for (cut, bytes_max) in [(1, 64 * 1024), (50_000, 64 * 1024), (7, 30_000)] {
            let intake = Intake::default();
            let settings = (bytes_max, Some(Encoding::Zstd));
            let mut frames = Frames::new(Body::empty(), intake.clone(), settings);
            let pieces = bytes.chunks(cut).map(|piece| gathered(&mut frames, piece));
            assert_eq!(
                pieces.collect::<Vec<_>>().concat(),
                EMPTY.repeat(3),
                "{cut}"
            );
            let messages = std::iter::from_fn(|| intake.take());
            let lengths = messages.map(|message| message.map(|message| message.len()).ok());
            let large = (bytes_max > 40_000).then_some(40_000);
            assert_eq!(
                lengths.collect::<Vec<_>>(),
                [Some(3), large, large],
                "{cut}"
            );
        }
    }
}
