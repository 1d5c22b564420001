//! A stream that is read no faster than the budget of its address allows: after each read it sleeps until the cost of
//! the read is covered.
//!
//! Pings, settings, resets and refused calls cost little each, but nothing in HTTP/2 bounds their number. While the
//! stream sleeps, they wait unread in the client's own system, where they cost the server nothing.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf, Take};
use tokio::time::Sleep;

use crate::interface::transport::frame_cost::FrameCostCounter;
use crate::interface::transport::read_budget::ReadBudget;

/// A stream and its current sleep.
#[derive(Debug)]
pub(crate) struct ThrottledStream<S> {
    stream: Take<S>,
    costs: FrameCostCounter,
    read_budget: Arc<ReadBudget>,
    rest: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncRead> ThrottledStream<S> {
    /// Throttles a stream by the read budget of its address.
    pub(crate) fn new(stream: S, read_budget: Arc<ReadBudget>) -> Self {
        Self {
            stream: stream.take(0),
            costs: FrameCostCounter::new(),
            read_budget,
            rest: None,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ThrottledStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(rest) = &mut self.rest {
            ready!(rest.as_mut().poll(context));
            self.rest = None;
        }
        let most = self.read_budget.read_bytes_max(buffer.remaining());
        self.stream.set_limit(most as u64);
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let cost = self.costs.cost_of(&buffer.filled()[before..]);
        if cost > 0 {
            let wait = self.read_budget.charge(cost);
            if !wait.is_zero() {
                metrics::counter!("sluice_reads_throttled_total").increment(1);
                self.rest = Some(Box::pin(tokio::time::sleep(wait)));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ThrottledStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.stream.get_mut()).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.stream.get_mut()).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.get_ref().is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::AsyncReadExt;

    use super::ThrottledStream;
    use crate::interface::transport::frame_cost::CALL;
    use crate::interface::transport::read_budget::{OVER_BUDGET_READ_BYTES, ReadBudget};

    /// A thousand connections of one address together must not be read faster than its budget allows.
    #[tokio::test]
    async fn each_connection_of_an_address_over_budget_is_read_in_small_pieces() {
        let mut buffer = vec![0; 8 * 1024];
        for (owed, most) in [(0, buffer.len()), (20 * CALL, OVER_BUDGET_READ_BYTES)] {
            let read_budget = Arc::new(ReadBudget::new(10));
            let _two_seconds = read_budget.charge(owed);
            let mut throttled = ThrottledStream::new(tokio::io::repeat(b'a'), read_budget);
            assert_eq!(throttled.read(&mut buffer).await.unwrap(), most);
        }
    }
}
