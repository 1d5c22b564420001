//! A connection that is read no faster than its address may be heard: after each read it rests until that is
//! covered.
//!
//! Pings, settings, resets, calls that are refused: each costs little, and nothing in HTTP/2 bounds how many
//! come. Here they wait where they cost nothing, in the client's own system.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::interface::costs::Costs;
use crate::interface::hearing::Hearing;

/// A stream, and how long it is to rest.
#[derive(Debug)]
pub(super) struct Paced<S> {
    stream: S,
    costs: Costs,
    hearing: Arc<Hearing>,
    rest: Option<Pin<Box<Sleep>>>,
}

impl<S> Paced<S> {
    /// A stream of an address that is heard so much.
    pub(super) fn new(stream: S, hearing: Arc<Hearing>) -> Self {
        Self {
            stream,
            costs: Costs::new(),
            hearing,
            rest: None,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(rest) = &mut self.rest {
            ready!(rest.as_mut().poll(context));
            self.rest = None;
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let cost = self.costs.of(&buffer.filled()[before..]);
        if cost > 0 {
            let wait = self.hearing.charge(cost);
            if !wait.is_zero() {
                metrics::counter!("sluice_reads_paced_total").increment(1);
                self.rest = Some(Box::pin(tokio::time::sleep(wait)));
            }
        }
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
