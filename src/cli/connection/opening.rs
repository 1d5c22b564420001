//! The first byte from a server, which shows whether the server speaks HTTP/2.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::cli::connection::unreached::Why;

/// The time limit of the first byte. A busy server lets a new connection wait for ten seconds.
const FIRST_BYTE_MAX: Duration = Duration::from_secs(15);
/// HTTP/2 begins with SETTINGS (RFC 9113, 3.4). The length has 24 bits and is below 64 KiB, so the first byte is 0.
const HTTP_2: u8 = 0;
/// First bytes of TLS: the record types alert and handshake (RFC 8446, 5.1).
const TLS: [u8; 2] = [21, 22];

/// The fault of the current connection. It outlives the error, of which the layers above keep only the text.
pub(super) type ConnectionFault = Arc<Mutex<Option<Why>>>;

/// A connection that may not have received a byte yet.
pub(super) struct Opening<S> {
    stream: S,
    fault: ConnectionFault,
    /// The deadline of the first byte. `None` means that it was received.
    waiting: Option<Pin<Box<Sleep>>>,
    /// The error of a write that failed before the first byte.
    unexplained: Option<io::Error>,
}

impl<S> Opening<S> {
    pub(super) fn new(stream: S, fault: ConnectionFault) -> Self {
        Self {
            stream,
            fault,
            waiting: Some(Box::pin(sleep(FIRST_BYTE_MAX))),
            unexplained: None,
        }
    }

    fn fail(&mut self, why: Why) -> io::Error {
        let error = io::Error::other(why.to_string());
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        *fault = Some(why);
        error
    }
}

impl<S: AsyncRead + Unpin> Opening<S> {
    /// Explains a failed write by the first byte received. A server that refuses the connection sends its reason and
    /// closes. The layer above writes first, and would see only the close.
    fn poll_explain<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let error = match written {
            Poll::Ready(Err(error)) => error,
            other @ (Poll::Ready(Ok(_)) | Poll::Pending) => return other,
        };
        let Some(waiting) = &mut self.waiting else {
            return Poll::Ready(Err(error));
        };
        let mut byte = [0];
        let mut buffer = ReadBuf::new(&mut byte);
        let read = Pin::new(&mut self.stream).poll_read(context, &mut buffer);
        if read.is_pending() && waiting.as_mut().poll(context).is_pending() {
            // The socket is closed, so this waits only until the runtime notices.
            self.unexplained = Some(error);
            return Poll::Pending;
        }
        Poll::Ready(Err(match fault_of(buffer.filled().first().copied()) {
            Some(why) => self.fail(why),
            None => error,
        }))
    }

    /// Takes the error of an earlier write that is not explained yet.
    fn unexplained<T>(&mut self) -> Option<Poll<io::Result<T>>> {
        self.unexplained.take().map(|error| Poll::Ready(Err(error)))
    }
}

/// Returns the fault of a server that sends this first byte. `None` as `first` means that the server has closed.
fn fault_of(first: Option<u8>) -> Option<Why> {
    match first {
        Some(HTTP_2) => None,
        Some(first) if TLS.contains(&first) => Some(Why::IsPrivate),
        Some(_) => Some(Why::NotHttp2),
        None => Some(Why::Closed),
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Opening<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let Some(waiting) = &mut self.waiting else {
            return read;
        };
        if read.is_pending() {
            ready!(waiting.as_mut().poll(context));
            return Poll::Ready(Err(self.fail(Why::TimedOut)));
        }
        let Some(why) = fault_of(buffer.filled().get(before).copied()) else {
            self.waiting = None;
            return read;
        };
        Poll::Ready(Err(self.fail(why)))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Opening<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = match self.unexplained() {
            Some(failed) => failed,
            None => Pin::new(&mut self.stream).poll_write(context, bytes),
        };
        self.poll_explain(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = match self.unexplained() {
            Some(failed) => failed,
            None => Pin::new(&mut self.stream).poll_flush(context),
        };
        self.poll_explain(context, written)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = match self.unexplained() {
            Some(failed) => failed,
            None => Pin::new(&mut self.stream).poll_write_vectored(context, bytes),
        };
        self.poll_explain(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

    use super::{ConnectionFault, Opening};
    use crate::cli::connection::unreached::Why;

    /// A server that sent its reason and closed before the client wrote, which the runtime notices late.
    struct Refusing {
        sent: &'static [u8],
        is_seen: bool,
    }

    impl AsyncRead for Refusing {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            if !std::mem::replace(&mut self.is_seen, true) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            buffer.put_slice(&self.sent[..self.sent.len().min(buffer.remaining())]);
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Refusing {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn a_failed_write_is_explained_by_the_first_byte() {
        for (sent, expected) in [
            (&b"\x15\x03\x01"[..], Some("IsPrivate")),
            (b"HTTP/1.1 400", Some("NotHttp2")),
            (b"", Some("Closed")),
            (b"\0\0\x12", None),
        ] {
            let fault = ConnectionFault::default();
            let refusing = Refusing {
                sent,
                is_seen: false,
            };
            let mut opening = Opening::new(refusing, ConnectionFault::clone(&fault));
            let failed = opening.write_all(b"PRI *").await.unwrap_err();
            let message = fault
                .lock()
                .unwrap()
                .take()
                .map(|why: Why| format!("{why:?}"));
            assert_eq!(message.as_deref(), expected, "{failed}");
        }
    }
}
