//! A connection that is read no faster than its address may be heard: what it says pays for its next read.
//!
//! Pings, settings, resets, calls that are refused: each costs little, and nothing in HTTP/2 bounds how many
//! come. Here they wait where they cost nothing, in the client's own system.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::interface::costs::{CALL, Costs};
use crate::interface::hearing::Hearing;

/// The shortest rest: all that wait for one budget look no more often.
const REST_MIN: Duration = Duration::from_millis(5);

/// A stream, and what it owes.
#[derive(Debug)]
pub(super) struct Paced<S> {
    stream: S,
    costs: Costs,
    hearing: Arc<Hearing>,
    owed: u64,
    rest: Option<Pin<Box<Sleep>>>,
}

impl<S> Paced<S> {
    /// A new connection, which itself costs as much as a call.
    pub(super) fn new(stream: S, hearing: Arc<Hearing>) -> Self {
        Self {
            stream,
            costs: Costs::new(),
            hearing,
            owed: CALL,
            rest: None,
        }
    }

    /// Waits until what was read is paid for.
    fn poll_paid(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.owed > 0 {
            if let Some(rest) = &mut self.rest {
                ready!(rest.as_mut().poll(context));
                self.rest = None;
            }
            match self.hearing.pay(self.owed) {
                Ok(()) => self.owed = 0,
                Err(wait) => {
                    metrics::counter!("sluice_connections_paced_total").increment(1);
                    let rest = tokio::time::sleep(wait.max(REST_MIN));
                    self.rest = Some(Box::pin(rest));
                }
            }
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_paid(context));
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.owed = self.costs.of(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
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

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
