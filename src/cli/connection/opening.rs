//! The first byte that a server sends: it tells whether that is HTTP/2.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::cli::connection::unreached::Why;

/// How long a server may take for its first byte. A busy one lets a new connection wait for ten seconds.
const FIRST_BYTE_MAX: Duration = Duration::from_secs(15);
/// HTTP/2 begins with SETTINGS (RFC 9113, 3.4), whose length has 24 bits and is below 64 KiB.
const HTTP_2: u8 = 0;
/// A record of TLS that is an alert, or of its handshake (RFC 8446, 5.1).
const TLS: [u8; 2] = [21, 22];

/// What is wrong with the connection that there is. It outlives the error, of which the layers above keep
/// only the text.
pub(super) type Fault = Arc<Mutex<Option<Why>>>;

/// A connection on which nothing may have come yet.
pub(super) struct Opening<S> {
    stream: S,
    fault: Fault,
    /// While nothing has come.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Opening<S> {
    pub(super) fn new(stream: S, fault: Fault) -> Self {
        Self {
            stream,
            fault,
            waiting: Some(Box::pin(sleep(FIRST_BYTE_MAX))),
        }
    }

    fn fail(&mut self, why: Why) -> io::Error {
        let error = io::Error::other(why.to_string());
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        *fault = Some(why);
        error
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
        let first = buffer.filled().get(before).copied();
        let why = match first {
            Some(HTTP_2) => {
                self.waiting = None;
                return read;
            }
            Some(first) if TLS.contains(&first) => Why::IsPrivate,
            Some(_) => Why::NotHttp2,
            None => Why::Closed,
        };
        Poll::Ready(Err(self.fail(why)))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Opening<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
